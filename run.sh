#!/usr/bin/env bash
# Serve wsgi:app with Gunicorn:   bash run.sh [more options of Gunicorn]
#   WORKERS=4                how many worker processes, 1 to 64
#   BIND=127.0.0.1:8000      where to listen: HOST:PORT, or unix:PATH
#   FLASK_SECRET_KEY=...     signs the sessions; without it, a new random key
set -euo pipefail

fail() {
    echo "run.sh: $*" >&2
    exit 2
}

file=${BASH_SOURCE[0]}
while [[ -L $file ]]; do # without readlink -f, which macOS had not before 12.3
    target=$(readlink "$file")
    [[ $target == /* ]] || target=$(dirname "$file")/$target
    file=$target
done
CDPATH='' cd -P "$(dirname "$file")" # where wsgi.py is
workers=${WORKERS-4}
bind=${BIND-127.0.0.1:8000}

number='^[1-9][0-9]?$'
{ [[ $workers =~ $number ]] && ((workers <= 64)); } ||
    fail "WORKERS is '$workers', not a number from 1 to 64." \
        "Try: WORKERS=4 bash run.sh"
address='^([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})$'
[[ $bind == unix:?* ]] ||
    { [[ $bind =~ $address ]] && ((10#${BASH_REMATCH[2]} <= 65535)); } ||
    fail "BIND is '$bind', not HOST:PORT or unix:PATH." \
        "Try: BIND=127.0.0.1:8001 bash run.sh"

command -v gunicorn >/dev/null || PATH=$PWD/.venv/bin:$PATH
command -v gunicorn >/dev/null ||
    fail "gunicorn is not installed here." \
        "Try: make run, or: pip install -r requirements.txt"

# One key for all workers: a session that one of them signs, all accept.
key=${FLASK_SECRET_KEY:-$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')}
export FLASK_SECRET_KEY=$key
# The Gunicorns of one user would take this socket away from each other.
export GUNICORN_CMD_ARGS="--no-control-socket ${GUNICORN_CMD_ARGS-}"

# On a JupyterHub, or Binder, a browser comes in by their proxy: the address
# has a prefix, which the app puts before each link.
prefix=${JUPYTERHUB_SERVICE_PREFIX-} port=${bind##*:}
if [[ -n $prefix && $bind != unix:* ]]; then
    export SCRIPT_NAME=${prefix}proxy/absolute/$port
    echo "Open ${JUPYTERHUB_PUBLIC_URL:-$prefix}proxy/absolute/$port/greet/Ada"
fi

exec gunicorn -w "$workers" -b "$bind" wsgi:app "$@"
