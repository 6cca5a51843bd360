#!/bin/bash
# A Docker daemon and a base image for the tests, on a machine that may have neither and that may
# not be able to pull images.
#
#   tests/docker_base.sh up      start dockerd where none answers (installs docker.io by apt)
#   tests/docker_base.sh base    make the base image with debootstrap, once
#   tests/docker_base.sh build   build the embedder image on it
#   tests/docker_base.sh trainer build the all-in-one image on it
#   tests/docker_base.sh down    stop the daemon that `up` started; another one is left alone
#   tests/docker_base.sh clean   stop it and remove its images
#
# Exit code 75: Docker cannot run here (no root, or the daemon does not start); anything else that
# is not 0 is an error. Nothing of this machine's network set-up ends up in the repository: CA
# certificates go into the local base image only, PIP_* variables are handed to the build.
set -euo pipefail

BASE_IMAGE=${BASE_IMAGE:-stash-sense-trainer-test-base:bookworm-2}
EMBEDDER_IMAGE=${EMBEDDER_IMAGE:-stash-sense-trainer-embedder:test}
TRAINER_IMAGE=${TRAINER_IMAGE:-stash-sense-trainer:test}
STATE=${DOCKER_TEST_STATE:-/var/tmp/stash-sense-trainer-docker}
REPO=$(cd "$(dirname "$0")/.." && pwd)
CONTEXT=${CONTEXT:-$REPO}
# All that the Dockerfiles would install by apt: in a build, apt may reach nothing here.
PACKAGES=ca-certificates,python3,python3-venv,python3-pip,tini,nginx-light,libnss-wrapper
CANNOT=75

say() { echo "docker_base: $*" >&2; }

need() { # need COMMAND PACKAGE: install PACKAGE by apt where COMMAND is missing
    command -v "$1" >/dev/null && return
    [ "$(id -u)" = 0 ] || { say "$1 is missing and only root can install $2"; exit $CANNOT; }
    say "installing $2"
    apt-get update -qq >&2 && apt-get install -y -qq --no-install-recommends "$2" >&2 ||
        { say "apt cannot install $2"; exit $CANNOT; }
}

up() {
    docker info >/dev/null 2>&1 && return
    need dockerd docker.io
    need iptables iptables
    [ "$(id -u)" = 0 ] || { say "no daemon answers, and only root can start one"; exit $CANNOT; }
    mkdir -p "$STATE"
    say "starting dockerd ($STATE)"
    nohup dockerd --storage-driver=overlay2 --data-root="$STATE/data" --exec-root="$STATE/exec" \
        -H unix:///var/run/docker.sock --pidfile "$STATE/dockerd.pid" \
        >"$STATE/dockerd.log" 2>&1 </dev/null &
    for _ in $(seq 60); do
        docker info >/dev/null 2>&1 && return
        sleep 0.5
    done
    say "dockerd does not come up; the end of $STATE/dockerd.log:"
    tail -5 "$STATE/dockerd.log" >&2 || true
    exit $CANNOT
}

base() {
    up
    docker image inspect "$BASE_IMAGE" >/dev/null 2>&1 && return
    need debootstrap debootstrap
    local root
    root=$(mktemp -d /var/tmp/debootstrap.XXXXXX)
    # shellcheck disable=SC2064
    trap "rm -rf '$root'" EXIT
    say "making $BASE_IMAGE with debootstrap (about a minute)"
    debootstrap --variant=minbase \
        --include="$PACKAGES" bookworm "$root" >&2
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
    mkdir -p "$root/etc/ssl/certs"
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    tar -C "$root" -c . | docker import - "$BASE_IMAGE" >&2
}

image() { # image DOCKERFILE NAME
    base
    local arguments=() name
    # A mirror or certificates of this machine, where it has any.
    for name in PIP_CERT PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_DEFAULT_TIMEOUT; do
        [ -z "${!name:-}" ] || arguments+=(--build-arg "$name")
    done
    # shellcheck disable=SC2068
    DOCKER_BUILDKIT=0 docker build --network host -f "$CONTEXT/$1" --target cpu \
        --build-arg BASE="$BASE_IMAGE" ${arguments[@]+"${arguments[@]}"} \
        -t "$2" "$CONTEXT" >&2
}

build() { image Dockerfile.embedder "$EMBEDDER_IMAGE"; }

trainer() { image Dockerfile "$TRAINER_IMAGE"; }

down() {
    [ -f "$STATE/dockerd.pid" ] || return 0
    say "stopping dockerd"
    kill "$(cat "$STATE/dockerd.pid")" 2>/dev/null || true
    for _ in $(seq 40); do
        [ -f "$STATE/dockerd.pid" ] || return 0
        sleep 0.5
    done
    say "dockerd is still there, see $STATE/dockerd.log"
}

clean() {
    down
    [ ! -d "$STATE" ] || rm -rf "$STATE"
}

case "${1:-}" in
    up | base | build | trainer | down | clean) "$1" ;;
    *) sed -n '2,14p' "$0" >&2; exit 2 ;;
esac
