#!/bin/sh
# tools/venv.sh [EXTRAS]: make .venv if it is missing or broken, and install this checkout with its extras into it.
#
#   tools/venv.sh              the library alone
#   tools/venv.sh test,lint    the library and the extras `test` and `lint`
#
# Takes the first suitable interpreter: $PYTHON if set, else python3.13, python3.12, python3.11, python3, python.
# Uses uv if it is on PATH, pip otherwise. On failure it says in one line what is missing, and exits with 1.
set -u
cd "$(dirname "$0")/.." || exit 1

extras=${1:-}
venv=.venv
log=$venv/pip.log
need="Python 3.11 or newer"
is_new="import sys; sys.exit(sys.version_info < (3, 11))"
version_of="import sys; print('%d.%d.%d' % sys.version_info[:3])"

# A stray PYTHONPATH, PYTHONHOME or user-wide pip setting must not leak into the environment.
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PYTHONNOUSERSITE=1 PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1

fail() {
    printf 'csimodels: %s\n' "$1" >&2
    exit 1
}

has_uv() { command -v uv >/dev/null 2>&1; }
has_venv() { has_uv || "$1" -c "import ensurepip, venv" >/dev/null 2>&1; }

# Set $python to an interpreter that is new enough and can make an environment, or say why there is none.
find_python() {
    too_old="" no_venv=""
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3.13 python3.12 python3.11 python3 python
    fi
    for python in "$@"; do
        found=$("$python" -c "$version_of" 2>/dev/null) || continue
        if ! "$python" -c "$is_new" 2>/dev/null; then
            too_old=${too_old:-"$found ($python)"}
        elif ! has_venv "$python"; then
            no_venv=${no_venv:-"$found ($python)"}
        else
            return
        fi
    done
    if [ -n "$no_venv" ]; then
        fail "Python $no_venv cannot make virtual environments: apt install python3-venv (or your system's equivalent)."
    elif [ -n "$too_old" ]; then
        fail "needs $need, but found Python $too_old. Install a newer one, or name it: make PYTHON=/path/to/python"
    elif [ -n "${PYTHON:-}" ]; then
        fail "needs $need, but PYTHON=$PYTHON does not run."
    fi
    fail "needs $need, but found no Python on PATH. Install one, or name it: make PYTHON=/path/to/python"
}

# An environment is usable if its interpreter runs, is new enough and has something to install with.
is_usable() {
    "$venv/bin/python" -c "$is_new" >/dev/null 2>&1 || return 1
    has_uv || "$venv/bin/python" -m pip --version >/dev/null 2>&1
}

make_venv() {
    find_python
    rm -rf "$venv"
    if has_uv; then
        message=$(uv venv --quiet --python "$python" "$venv" 2>&1)
    else
        message=$("$python" -m venv "$venv" 2>&1)
    fi || {
        rm -rf "$venv"
        fail "could not make $venv with Python $found ($python): $(printf '%s' "$message" | tr '\n' ' ' | cut -c 1-200)"
    }
}

install() {
    if has_uv; then
        uv pip install --python "$venv/bin/python" -c constraints.txt -e "$1"
    else
        "$venv/bin/python" -m pip install --no-input -c constraints.txt -e "$1"
    fi >"$log" 2>&1
}

is_usable || make_venv
target=.
[ -z "$extras" ] || target=".[$extras]"
printf 'csimodels: installing %s into %s (Python %s); the first time takes a minute or two ...\n' \
    "$target" "$venv" "$("$venv/bin/python" -c "$version_of")"
install "$target" ||
    fail "the packages could not be downloaded or installed (is there a network?); the log is $log"
