#!/usr/bin/env bash
# Build uWSGI from its source where it has no wheel, as for Python 3.15: setup.sh and test_all.py call it.
# It takes a C compiler, the headers of that Python, and libcrypt (Debian: gcc, python3.15-dev, libcrypt-dev).
#   bash tools/build_uwsgi.sh PYTHON
set -euo pipefail
unset CDPATH
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."

python=$1
missing='import importlib.util, sys; sys.exit(not importlib.util.find_spec("pyuwsgi"))'
if "$python" -c "$missing"; then
    exit
fi
prefix=$("$python" -c 'import sys; print(sys.prefix)')
# The lock's version and hashes, without its marker, which leaves uWSGI out here.
sed -n '/^pyuwsgi==/,/[^\\]$/p' requirements.lock | sed 's/ ;.*/ \\/' >"$prefix/uwsgi.lock"
[[ ! -d wheels ]] || export PIP_NO_INDEX=1 PIP_FIND_LINKS=wheels
echo "Building uWSGI, which has no wheel for this Python ..."
"$python" -m pip install --disable-pip-version-check --require-hashes -r "$prefix/uwsgi.lock" &>"$prefix/uwsgi.log" ||
    echo "uWSGI was not built, so the cells that need it will be skipped: $prefix/uwsgi.log says why." >&2
