#!/usr/bin/env bash
# Serve wsgi:app with Gunicorn.   bash run.sh [more Gunicorn options]
#   WORKERS           how many worker processes, 1 to 64           (default 4)
#   BIND              where to listen: HOST:PORT or unix:PATH      (default 127.0.0.1:8000)
#   FLASK_SECRET_KEY  signs the session cookies, for all workers   (default: a new random key)
set -euo pipefail

fail() {
    echo "run.sh: $1" >&2
    exit 2
}

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"  # wsgi.py lies beside this file
workers=${WORKERS-4}
bind=${BIND-127.0.0.1:8000}

[[ $workers =~ ^[1-9][0-9]?$ ]] && ((workers <= 64)) ||
    fail "WORKERS is '$workers', but must be a number from 1 to 64. Try: WORKERS=4 bash run.sh"
if [[ $bind != unix:?* ]]; then
    [[ $bind =~ ^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})$ ]] && ((10#${BASH_REMATCH[2]} <= 65535)) ||
        fail "BIND is '$bind', but must be HOST:PORT with a port up to 65535, or unix:PATH. Try: BIND=127.0.0.1:8001 bash run.sh"
fi
command -v gunicorn >/dev/null || PATH=$PWD/.venv/bin:$PATH
command -v gunicorn >/dev/null ||
    fail "gunicorn is not installed here. Try: make run, or: pip install -r requirements.txt"

# One key for all workers: a session that one of them signs, the others accept.
export FLASK_SECRET_KEY=${FLASK_SECRET_KEY:-$(python3 -c 'import secrets; print(secrets.token_hex())')}
# All Gunicorns of a user would share one control socket by default: the second takes the first one's.
export GUNICORN_CMD_ARGS="--no-control-socket ${GUNICORN_CMD_ARGS-}"

exec gunicorn -w "$workers" -b "$bind" wsgi:app "$@"
