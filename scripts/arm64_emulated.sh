#!/usr/bin/env bash
# Run AArch64 CPython (with Numba) and PyPy, its compiler on, under qemu-user: is the engine right there?
# For correctness only: what emulated code takes says nothing about any processor.
#
#   sudo scripts/arm64_emulated.sh [OPTION...] [PYTEST ARGUMENT...], or with --part calls [KERNEL...]
#
#   --only cpython|pypy   one runtime (default both)
#   --suite SUITE         Debian's suite that PyPy comes from (default trixie: 7.3.19)
#   --part PART           calls, scan or tests (default all three, one after the other):
#     calls   PyPy: the first calls of every kernel against this machine's bits, comparisons left
#             wrong (some must differ, else nothing is shown) and corrected (none may); the code that
#             PyPy writes is searched for comparisons of a number with itself
#     scan    the list of a scan of the demo market against this machine's
#     tests   pytest (default tests/kernels), on PyPy with its comparisons corrected
#   --root FOLDER         takes the userland, 0.6 GB (default build/arm64-SUITE); what is there
#                         already is used again
#
# Debian or Ubuntu, as root: it needs chroot, mmdebstrap, qemu-user-static and this checkout's .venv
# (or PYTHON) for its pip and for what is compared with. MIRROR names a Debian mirror.
set -eu

cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8
checkout=$PWD
root=''
suite=trixie
runtimes='cpython pypy'
parts='calls scan tests'

say() { printf 'arm64: %s\n' "$*" >&2; }
die() {
    local code=$1
    shift
    say "$*"
    exit "$code"
}

while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) sed -n '2,21s/^# \{0,1\}//p' "$0" && exit 0 ;;
    --root | --only | --suite | --part) [ $# -ge 2 ] || die 2 "$1 needs a value (--help lists the options)" ;;
    esac
    case $1 in
    --root) root=$(realpath -m "$2") && shift 2 ;;
    --only) runtimes=$2 && shift 2 ;;
    --suite) suite=$2 && shift 2 ;;
    --part) parts=$2 && shift 2 ;;
    *) break ;;
    esac
done
kernels=()
[ "$parts" != calls ] || kernels=("$@")
# What test_aarch64.py lets a compiler show, these runs show themselves.
[ $# -gt 0 ] || set -- tests/kernels --ignore=tests/kernels/test_aarch64.py
case $runtimes in
'cpython pypy' | cpython | pypy) ;;
*) die 2 "--only $runtimes: cpython or pypy" ;;
esac
case $parts in
'calls scan tests' | calls | scan | tests) ;;
*) die 2 "--part $parts: calls, scan or tests" ;;
esac
case $suite in
trixie | forky | sid) ;;
*) die 2 "--suite $suite: trixie, forky or sid" ;;
esac
root=${root:-$checkout/build/arm64-$suite}

missing=''
for tool in mmdebstrap qemu-aarch64-static unshare; do
    command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -z "$missing" ] || die 69 "missing:$missing: apt-get install mmdebstrap qemu-user-static"
[ "$(id -u)" = 0 ] || die 77 "only root may chroot: sudo scripts/arm64_emulated.sh"
python=${PYTHON:-$checkout/.venv/bin/python}
"$python" -m pip --version >/dev/null 2>&1 || die 69 "$python has no pip: make scan makes .venv"

# The two suites, from this machine's own Debian mirror where it has one.
debian_mirror() {
    apt-get update --print-uris 2>/dev/null |
        sed -nE "s#^'([^']+)/dists/(bookworm|trixie|forky|sid|stable)/InRelease'.*#\\1#p" | head -n 1
}

make_userland() {
    local mirror=${MIRROR:-$(debian_mirror)} keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    local python311='' sources
    mirror=${mirror:-http://deb.debian.org/debian}
    [ -e "$keyring" ] || die 69 "no $keyring: apt-get install debian-archive-keyring"
    sources=("deb [signed-by=$keyring] $mirror $suite main")
    # Later suites do not go with bookworm's Python, which stays with trixie's PyPy.
    if [ "$suite" = trixie ]; then
        python311=,python3.11
        sources+=("deb [signed-by=$keyring] $mirror bookworm main")
    fi
    say "Debian's arm64 PyPy ($suite)${python311:+ and Python 3.11 (bookworm)} into $root"
    rm -rf "$root"
    mkdir -p "$(dirname "$root")"
    # Unpacked, not configured: nothing of it runs before the tests do.
    mmdebstrap --quiet --mode=root --variant=extract --architectures=arm64 --skip=check/qemu \
        --include=pypy3,pypy3-dev,pypy3-venv,libc-bin,dash,bash,coreutils,libstdc++6,ca-certificates,tzdata$python311 \
        "$suite" "$root" "${sources[@]}"
    cp "$(command -v qemu-aarch64-static)" "$root/qemu"
    mkdir -p "$root/src" "$root/home" "$root/proc" "$root/dev" "$root/tmp"
}

make_packages() {
    say "wheels for aarch64"
    [ ! -e "$root/usr/bin/python3.11" ] ||
        "$python" -m pip install --quiet --disable-pip-version-check --no-compile --only-binary :all: \
            --python-version 3.11 --implementation cp --abi cp311 --abi abi3 --abi none \
            --platform manylinux_2_28_aarch64 --platform manylinux_2_17_aarch64 \
            --platform manylinux2014_aarch64 --platform any \
            --target "$root/opt/cpython" -c constraints.txt numba numpy rich mpmath hypothesis pytest
    for file in requirements-pypy.txt requirements-pypy-test.txt; do
        "$python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps \
            --only-binary :all: --python-version 3.11 --implementation pp --abi pypy311_pp73 \
            --abi none --platform any --target "$root/opt/pypy" --upgrade -r "$file"
    done
    touch "$root/ready"
}

[ -e "$root/ready" ] || { make_userland && make_packages; }

# In a user namespace of its own, so that its table of foreign programs (Linux 6.7) is its own too:
# with it the programs can start programs, as some tests do. The default processor of qemu emulates
# pointer authentication, which takes ten times as long.
run_in() { # PACKAGES PROGRAM ARGUMENT...
    local packages=$1
    shift
    # shellcheck disable=SC2016 # the inner shell expands them
    unshare --user --map-root-user --mount sh -euc '
        root=$0 checkout=$1 packages=$2
        shift 2
        magic="\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
        mask="\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
        if mount -t binfmt_misc none /proc/sys/fs/binfmt_misc 2>/dev/null; then
            printf %s ":parity:M::$magic:$mask:$root/qemu:F" >/proc/sys/fs/binfmt_misc/register
        fi
        mount --bind "$checkout" "$root/src"
        mount --rbind /proc "$root/proc"
        mount --rbind /dev "$root/dev"
        exec env -i PATH=/usr/sbin:/usr/bin HOME=/home TMPDIR=/tmp LC_ALL=C.UTF-8 \
            "PYTHONPATH=/src:/opt/$packages" PYTHONPYCACHEPREFIX=/home/pyc \
            NUMBA_CPU_NAME=neoverse-n1 HYPOTHESIS_STORAGE_DIRECTORY=/home/hypothesis \
            "PARITY_PYPY_COMPARISONS=${PARITY_PYPY_COMPARISONS:-fix}" QEMU_CPU=neoverse-n1 \
            chroot "$root" /qemu "$@"
    ' "$root" "$checkout" "$packages" "$@"
}

# A module of the checkout as a program; /src is not where it starts.
run_module() { # RUNTIME MODULE ARGUMENT...
    local runtime=$1 program
    shift
    case $runtime in
    cpython) program=/usr/bin/python3.11 ;;
    pypy) program=/usr/bin/pypy3 ;;
    esac
    run_in "$runtime" "$program" -c '
import os, runpy, sys
os.chdir("/src")
from engine.runtime.comparisons import correct
correct()
sys.argv.pop(0)
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
' "$@"
}

status=0
failed() {
    say "$*"
    status=1
}

calls() {
    say 'what the first calls of every kernel give, on this machine'
    "$python" -m tests.kernels.first_calls write "$root/home/calls.json" "${kernels[@]}" >&2
    say 'on PyPy for ARM64, comparisons left as they are: some calls must differ'
    ! PARITY_PYPY_COMPARISONS=leave run_module pypy tests.kernels.first_calls compare /home/calls.json "${kernels[@]}" ||
        failed 'this PyPy compares rightly, or the calls do not show that it does not'
    say 'on PyPy for ARM64, corrected: none may differ'
    PARITY_PYPY_COMPARISONS=fix run_module pypy tests.kernels.first_calls compare /home/calls.json "${kernels[@]}" ||
        failed 'calls differ, or a faulty comparison was compiled'
}

# The last line names the runtime, and is another one.
scan() { # RUNTIME
    "$python" -m engine scan ZIDX --top 20 --seed 0 | sed '$d' >"$root/home/scan-here"
    run_module "$1" engine scan ZIDX --top 20 --seed 0 >"$root/home/scan-there" || failed "scan: $1"
    tail -n 1 "$root/home/scan-there"
    sed '$d' "$root/home/scan-there" | diff "$root/home/scan-here" - ||
        failed "scan: another list on $1 for ARM64"
}

[ -e "$root/usr/bin/python3.11" ] || runtimes=pypy
for runtime in $runtimes; do
    for part in $parts; do
        say "$runtime ($suite): $part, $(date -u +%H:%M:%S)"
        case $runtime-$part in
        cpython-calls) ;;
        pypy-calls) calls ;;
        *-scan) scan "$runtime" ;;
        *-tests) run_module "$runtime" pytest -q -p no:cacheprovider "$@" || status=$? ;;
        esac
        say "$runtime ($suite): $part done, $(date -u +%H:%M:%S)"
    done
done
exit "$status"
