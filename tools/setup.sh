#!/usr/bin/env bash
# Make the virtual environment .venv with the tested versions; `make lab` and `make test` call it.
#   bash tools/setup.sh        what a reader needs (requirements.lock)
#   bash tools/setup.sh dev    and what an author needs (tools/requirements.lock)
#   bash tools/setup.sh site   or what the reading edition needs (site/requirements.lock)
#   bash tools/setup.sh class  or what a teacher needs (classroom/requirements.lock)
set -euo pipefail
unset CDPATH PIP_USER PIP_TARGET PYTHONHOME PYTHONPATH PYTHONSAFEPATH PYTHONWARNINGS # not for .venv
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { # WORDS ...: all in one line
    echo "setup: $*" >&2
    exit 1
}

# The Pythons that the workbook is tested on, the oldest first.
# shellcheck disable=SC2207 # no version has a space; bash 3.2 has no mapfile
pythons=($(sed -n 's/^pythons = //p' pyproject.toml | grep -o '3\.[0-9]*'))
oldest=${pythons[0]} newest=${pythons[${#pythons[@]} - 1]}

find_python() { # print the first Python that is not too old
    local python version
    for python in ${PYTHON:+"$PYTHON"} python3 $(printf 'python%s\n' "${pythons[@]}" | sort -r); do
        if "$python" -c "import sys; sys.exit(sys.version_info < (${oldest/./, }))" 2>/dev/null; then
            "$python" -c "import sys; sys.exit(sys.version_info[:2] > (${newest/./, }))" ||
                echo "setup: $python is newer than $newest, the newest Python that this workbook is tested on: outputs may differ." >&2
            echo "$python"
            return
        fi
        [[ -z ${PYTHON-} ]] || break
    done
    version=$("${PYTHON:-python3}" --version 2>/dev/null) || version="not there"
    fail "this workbook needs Python $oldest or newer, and ${PYTHON:-python3} is ${version:-Python 2}:" \
        "install one (Debian, Ubuntu: sudo apt install python3 python3-venv; else python.org)," \
        "or name one that you have, as in: make lab PYTHON=/path/to/python$newest"
}

works() { # is .venv there, and made with PYTHON if that is set?
    local version='import sys; print(sys.version)'
    built=$(.venv/bin/python -c "$version" 2>/dev/null) &&
        [[ -z ${PYTHON-} || $built == "$("$PYTHON" -c "$version" 2>/dev/null)" ]]
}

install() { # LOCK: once for each content of the lock file and each place of this folder
    local stamp=.venv/${1//\//-} wanted
    wanted=$(echo "$PWD" && cksum "$1")
    if works && [[ $(cat "$stamp" 2>/dev/null) == "$wanted" ]]; then
        return
    fi
    if [[ $1 == requirements.lock ]]; then
        [[ ! -e .venv || -e $stamp ]] ||
            fail "the .venv in this folder was not made by make, so it stays as it is:" \
                "move it away (mv .venv my-venv) or remove it (rm -r .venv), and try again."
        python=$(find_python)
        "$python" -c 'import ensurepip, venv' 2>/dev/null ||
            fail "$python has no venv module. Debian, Ubuntu: sudo apt install python3-venv"
        echo "Setting up .venv with $("$python" --version), which takes a minute ..."
        rm -rf .venv
        mkdir .venv
        : >"$stamp" # says who made .venv, even if this is interrupted
        "$python" -m venv .venv
    fi
    local from=() # a folder of wheels, made by `make wheels`, in place of a network
    [[ ! -d wheels ]] || from=(--no-index --find-links wheels)
    .venv/bin/python -m pip install --quiet --disable-pip-version-check ${from[@]+"${from[@]}"} --require-hashes -r "$1" ||
        fail "pip could not install $1: its words are above. Without a network? See the README." \
            ${from:+"The folder wheels is for another Python, or older than $1: make wheels, or remove it."}
    [[ $1 != requirements.lock ]] || bash tools/build_uwsgi.sh .venv/bin/python
    echo "$wanted" >"$stamp"
}

install requirements.lock
case ${1-} in
dev) install tools/requirements.lock ;;
site) install site/requirements.lock ;;
class) install classroom/requirements.lock ;;
esac
