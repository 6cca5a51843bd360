/* Another clock: loaded before the C library (LD_PRELOAD), the time of day is off by the seconds
   (a 64-bit number) in OFFSET_FILE, which may change at any moment. Monotonic clocks, and the times
   that the kernel gives files, are right, as where only this machine's clock is wrong. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int64_t offset(void) {
    static volatile int64_t *shared;
    if (!shared) {
        int file = open(OFFSET_FILE, O_RDONLY | O_CLOEXEC);
        void *found = file < 0 ? MAP_FAILED : mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
        if (file >= 0) close(file);
        if (found == MAP_FAILED) return 0;
        shared = found;
    }
    return *shared;
}

int clock_gettime(clockid_t clock, struct timespec *moment) {
    int status = REAL(clock_gettime)(clock, moment);
    if (!status && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        moment->tv_sec += offset();
    return status;
}
int gettimeofday(struct timeval *restrict moment, void *restrict zone) {
    int status = REAL(gettimeofday)(moment, zone);
    if (!status) moment->tv_sec += offset();
    return status;
}
time_t time(time_t *where) {
    struct timespec moment;
    clock_gettime(CLOCK_REALTIME, &moment);
    if (where) *where = moment.tv_sec;
    return moment.tv_sec;
}
