#!/bin/sh
# What every container of the image starts through, and the command `trainer` as well.
#
# As root it gives DATA_DIR and AIRFLOW_HOME to PUID:PGID where they are empty, and goes on as
# PUID:PGID. Started with `--user`, any uid works; a root file system that is read-only needs a
# writable /tmp. UMASK is what new files' rights are reduced by.
set -eu

say() { echo "entrypoint: $*" >&2; }

umask "${UMASK:-022}" 2>/dev/null ||
    { say "UMASK is '$UMASK'; set it to three octal digits, like 022"; exit 2; }
: "${DATA_DIR:=/data}" "${AIRFLOW_HOME:=/airflow}"
export DATA_DIR AIRFLOW_HOME
# Self-hosters set TZ; the schedule follows it unless it has a zone of its own.
[ -n "${TRAINER_TIMEZONE:-}" ] || [ -z "${TZ:-}" ] || export TRAINER_TIMEZONE="$TZ"

if [ "$(id -u)" = 0 ] && [ -z "${TRAINER_ENTERED:-}" ]; then
    uid=${PUID:-10001} gid=${PGID:-10001}
    case "$uid$gid" in
        *[!0-9]*) say "PUID is '$uid' and PGID '$gid'; set both to numbers, like 99 and 100"; exit 2 ;;
    esac
    for folder in "$DATA_DIR" "$AIRFLOW_HOME"; do
        mkdir -p "$folder"
        # What has content belongs to whom it belongs: `trainer.services` says what is wrong there.
        if [ -z "$(ls -A "$folder")" ]; then
            chown "$uid:$gid" "$folder" || say "$folder can't be given to $uid:$gid"
        fi
    done
    export TRAINER_ENTERED=1
    exec setpriv --reuid="$uid" --regid="$gid" --clear-groups --inh-caps=-all "$0" "$@"
fi
unset TRAINER_ENTERED

# Airflow asks for the name of its user; libnss-wrapper gives one to a uid that has none. The
# variables are for Airflow's tasks, which rename their process and lose the wrapper by it.
export HOME="${TMPDIR:-/tmp}/home-$(id -u)"
mkdir -p "$HOME"
if ! getent passwd "$(id -u)" >/dev/null; then
    export NSS_WRAPPER_PASSWD="$HOME/passwd" NSS_WRAPPER_GROUP="$HOME/group"
    if [ ! -f "$NSS_WRAPPER_PASSWD" ]; then # whole at once: others read it
        cp /etc/group "$NSS_WRAPPER_GROUP"
        echo "trainer:x:$(id -g):" >>"$NSS_WRAPPER_GROUP"
        cp /etc/passwd "$HOME/.passwd.$$"
        echo "trainer:x:$(id -u):$(id -g):trainer:$HOME:/usr/sbin/nologin" >>"$HOME/.passwd.$$"
        mv "$HOME/.passwd.$$" "$NSS_WRAPPER_PASSWD"
    fi
    export LD_PRELOAD=libnss_wrapper.so
fi
USER=$(id -un 2>/dev/null) || USER=trainer # without a name `id` prints the number and fails
LOGNAME=$USER
export USER LOGNAME
exec "$@"
