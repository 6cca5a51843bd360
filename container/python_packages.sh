#!/bin/sh
# python_packages.sh VENV LOCK: in a build of an image, make the environment VENV with what LOCK
# lists, by uv, which is not kept. PIP_CERT, PIP_INDEX_URL, PIP_EXTRA_INDEX_URL and
# PIP_DEFAULT_TIMEOUT count for both.
set -eu
export UV_COMPILE_BYTECODE_TIMEOUT=600
venv=$1 lock=$2 tool=/tmp/uv
python3 -m venv "$tool"
"$tool/bin/pip" install -q --no-cache-dir --no-compile --no-deps --require-hashes \
    -r "$(dirname "$0")/uv.txt"
certificates=${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt} # else those that uv brings along
[ ! -e "$certificates" ] || export SSL_CERT_FILE="$certificates"
[ -z "${PIP_INDEX_URL:-}" ] || export UV_DEFAULT_INDEX="$PIP_INDEX_URL"
[ -z "${PIP_EXTRA_INDEX_URL:-}" ] || export UV_INDEX="$PIP_EXTRA_INDEX_URL"
[ -z "${PIP_DEFAULT_TIMEOUT:-}" ] || export UV_HTTP_TIMEOUT="$PIP_DEFAULT_TIMEOUT"
python3 -m venv --without-pip "$venv"
"$tool/bin/uv" pip install --no-cache --no-deps --require-hashes --compile-bytecode --link-mode copy \
    --python "$venv/bin/python" -r "$lock"
rm -rf "$tool"
