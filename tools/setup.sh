#!/usr/bin/env bash
# Make the virtual environment .venv with the tested versions; `make lab` and `make test` call it.
#   bash tools/setup.sh        what a reader needs (requirements.lock)
#   bash tools/setup.sh dev    and what an author needs (requirements-dev.lock)
#   bash tools/setup.sh class  or what a teacher needs (requirements-class.lock)
set -euo pipefail
unset CDPATH PIP_USER PIP_TARGET PYTHONHOME PYTHONPATH PYTHONWARNINGS # not for .venv
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

find_python() { # print the first Python that fits
    for python in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11; do
        if "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$python"
            return
        fi
        [[ -z ${PYTHON-} ]] || break
    done
    fail "this workbook needs Python 3.11, 3.12 or 3.13, and ${PYTHON:-python3} is not one of them." \
        "Install one (Debian, Ubuntu: sudo apt install python3 python3-venv; else python.org)," \
        "or name one that you have, as in: make lab PYTHON=/path/to/python3.12"
}

works() { # is .venv there, and made with PYTHON if that is set?
    local version='import sys; print(sys.version)'
    built=$(.venv/bin/python -c "$version" 2>/dev/null) &&
        [[ -z ${PYTHON-} || $built == "$("$PYTHON" -c "$version" 2>/dev/null)" ]]
}

install() { # LOCK: once for each content of the lock file and each place of this folder
    local stamp=.venv/$1 wanted
    wanted=$(echo "$PWD" && cksum "$1")
    if works && [[ $(cat "$stamp" 2>/dev/null) == "$wanted" ]]; then
        return
    fi
    if [[ $1 == requirements.lock ]]; then
        python=$(find_python)
        "$python" -c 'import ensurepip, venv' 2>/dev/null ||
            fail "$python has no venv module. Debian, Ubuntu: sudo apt install python3-venv"
        echo "Setting up .venv with $("$python" --version), which takes a minute ..."
        "$python" -m venv --clear .venv
    fi
    local from=() # a folder of wheels, made by `make wheels`, in place of a network
    [[ ! -d wheels ]] || from=(--no-index --find-links wheels)
    .venv/bin/python -m pip install --quiet --disable-pip-version-check ${from[@]+"${from[@]}"} --require-hashes -r "$1" ||
        fail "pip could not install $1: its words are above. Without a network? See the README." \
            ${from:+"The folder wheels is for another Python, or older than $1: make wheels, or remove it."}
    echo "$wanted" >"$stamp"
}

install requirements.lock
[[ -z ${1-} ]] || install "requirements-$1.lock"
