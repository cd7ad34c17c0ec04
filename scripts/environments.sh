#!/usr/bin/env bash
# Make the virtual environments of this checkout, or leave them as they are when nothing changed.
#
#   scripts/environments.sh NAME...
#     cpython  .venv: CPython with Numba, ib_async and this project
#     pypy     .venv-pypy: PyPy with ib_async and this project
#     tox      tox in .venv, and a PyPy for it to find
#   scripts/environments.sh --python   print the CPython that would be used
#
# PYTHON names the CPython to use instead of the best one found (3.11 where there is a choice).
set -eu

cd "$(dirname "$0")/.."
# PyPy does not start under a locale that the machine does not have.
user_locale=${LC_ALL:-}
LC_ALL=C.UTF-8
[ "$(uname -s)" != Darwin ] || LC_ALL=en_US.UTF-8
export LC_ALL

say() { printf 'setup: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit 69
}

python_candidates() {
    local name path
    for name in python3.11 python3.12 python3.13 python3.10 python3; do
        type -aP "$name" 2>/dev/null || true
    done
    for name in 11 12 13 10; do
        for path in "${HOME:-/nonexistent}/.pyenv/versions/3.$name".*/bin/python; do
            [ ! -x "$path" ] || printf '%s\n' "$path"
        done
    done
}

# Print "VERSION yes|no EXECUTABLE" of a fit interpreter (yes: it can make environments). Candidates
# are run before they are believed: a shim may exist for a version that is not there.
probe='
import sys, platform
if platform.python_implementation() != "CPython" or not (3, 10) <= sys.version_info[:2] <= (3, 13):
    sys.exit(1)
try:
    import venv, ensurepip
    fit = "yes"
except ImportError:
    fit = "no"
base = sys.executable if sys.prefix == sys.base_prefix else sys._base_executable
print("%d.%d" % sys.version_info[:2], fit, base)
'

find_python() {
    local candidate line without_venv=''
    [ -z "${PYTHON:-}" ] || type -P "$PYTHON" >/dev/null || die "PYTHON=$PYTHON: no such program"
    for wanted in 3.11 ''; do
        while IFS= read -r candidate; do
            line=$("$candidate" -I -c "$probe" 2>/dev/null </dev/null) || continue
            case $line in
            "$wanted"*" yes "*) printf '%s\n' "${line#* yes }" && return ;;
            *" no "*) without_venv=${line#* no } ;;
            esac
        done <<LIST
$(if [ -n "${PYTHON:-}" ]; then type -P "$PYTHON"; else python_candidates; fi)
LIST
    done
    [ -z "$without_venv" ] || die "$without_venv cannot make virtual environments: install its venv package (Debian, Ubuntu: apt-get install python3-venv)"
    die "no working ${PYTHON:-CPython 3.10 to 3.13} found: install one with its venv module (Debian, Ubuntu: apt-get install python3-venv)"
}

# Run a command quietly; when it fails, show the end of what it said.
quietly() { # WHAT COMMAND...
    local what=$1 log
    shift
    log=$(mktemp "${TMPDIR:-/tmp}/parity-setup.XXXXXX")
    if ! "$@" >"$log" 2>&1 </dev/null; then
        grep -v '^WARNING' "$log" | tail -n 5 >&2
        rm -f "$log"
        die "$what failed; the lines above say why"
    fi
    rm -f "$log"
}

# A stamp holds the checksum of what an environment was made from and where, so that a second run does
# nothing and a moved checkout starts afresh.
digest() { { pwd && cat "$@"; } | cksum; }
current() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

usable() { [ -n "$("$1/bin/python" -I -m pip --version 2>/dev/null </dev/null)" ]; }

make_venv() {
    local python
    if [ -n "${PYTHON:-}" ] || ! "$PWD/.venv/bin/python" -I -c "$probe" >/dev/null 2>&1 || ! usable .venv; then
        python=$(find_python)
        if [ "$(.venv/bin/python -I -c "$probe" 2>/dev/null)" != "$("$python" -I -c "$probe")" ] || ! usable .venv; then
            say ".venv from $python"
            rm -rf .venv
            quietly "making .venv" "$python" -m venv .venv
        fi
    fi
}

make_cpython() {
    local sum
    make_venv
    sum=$(digest pyproject.toml constraints.txt requirements-ib.txt)
    current .venv/.parity-cpython "$sum" && return
    say "installing the engine, Numba and ib_async into .venv"
    quietly "pip in .venv" .venv/bin/python -m pip install -c constraints.txt -e '.[numba]'
    quietly "pip in .venv" .venv/bin/python -m pip install --no-deps -r requirements-ib.txt
    quietly "importing Numba and ib_async" .venv/bin/python -c 'import engine, numba, ib_async'
    printf '%s\n' "$sum" >.venv/.parity-cpython
}

make_pypy() {
    local sum pypy
    sum=$(digest pyproject.toml requirements-pypy.txt requirements-ib.txt)
    if current .venv-pypy/.parity-pypy "$sum" && usable .venv-pypy; then return; fi
    pypy=$(LC_ALL=$user_locale bash scripts/setup_pypy.sh)
    say ".venv-pypy from $pypy"
    rm -rf .venv-pypy
    quietly "making .venv-pypy" "$pypy" -m venv .venv-pypy
    quietly "pip in .venv-pypy" .venv-pypy/bin/python -m pip install -r requirements-pypy.txt
    quietly "pip in .venv-pypy" .venv-pypy/bin/python -m pip install --no-deps -r requirements-ib.txt
    quietly "pip in .venv-pypy" .venv-pypy/bin/python -m pip install --no-deps -e .
    # On PyPy a package may install and not import.
    quietly "importing the engine's packages on PyPy" .venv-pypy/bin/python -c 'import engine, ib_async, rich, tzdata, zoneinfo'
    printf '%s\n' "$sum" >.venv-pypy/.parity-pypy
}

make_tox() {
    local sum
    LC_ALL=$user_locale bash scripts/setup_pypy.sh >/dev/null
    make_venv
    sum=$(digest constraints.txt)
    current .venv/.parity-tox "$sum" && return
    say "installing tox into .venv"
    quietly "pip in .venv" .venv/bin/python -m pip install -c constraints.txt tox
    printf '%s\n' "$sum" >.venv/.parity-tox
}

[ $# -gt 0 ] || die "name what to make: cpython, pypy, tox"
for name; do
    case $name in
    --python) find_python ;;
    cpython | pypy | tox) "make_$name" ;;
    *) die "unknown environment $name: expected cpython, pypy or tox" ;;
    esac
done
