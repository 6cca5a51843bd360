/* A slow disk below SLOW_ROOT: loaded before the C library (LD_PRELOAD), every flush, rename and
   change of times takes SLOW_MS milliseconds longer, every opening a tenth of that. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void take(const char *path, long part) {
    const char *root = getenv("SLOW_ROOT"), *text = getenv("SLOW_MS");
    if (!root || !text || !path || strncmp(path, root, strlen(root))) return;
    long ms = atol(text) / part;
    struct timespec rest = {ms / 1000, (ms % 1000) * 1000000L};
    while (nanosleep(&rest, &rest)) {}
}

static void take_of(int fd) {
    char name[64], path[PATH_MAX];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length > 0) {
        path[length] = 0;
        take(path, 1);
    }
}

int fsync(int fd) { take_of(fd); return REAL(fsync)(fd); }
int fdatasync(int fd) { take_of(fd); return REAL(fdatasync)(fd); }
int rename(const char *from, const char *to) { take(to, 1); return REAL(rename)(from, to); }
int utimensat(int dir, const char *path, const struct timespec times[2], int flags) {
    take(path, 1);
    return REAL(utimensat)(dir, path, times, flags);
}
int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    take(path, 10);
    return REAL(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    take(path, 10);
    return REAL(open64)(path, flags, mode);
}
