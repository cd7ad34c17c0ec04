#!/usr/bin/env bash
# Run the kernel tests on AArch64 CPython (with Numba) and PyPy under qemu-user. PyPy's compiler is
# off there, as it compares wrongly (engine/runtime/comparisons.py).
# For correctness only: what emulated code takes says nothing about any processor.
#
#   sudo scripts/arm64_emulated.sh [--root FOLDER] [--only cpython|pypy] [PYTEST ARGUMENT...]
#
# FOLDER (default build/arm64) takes the userland, 0.6 GB; what is there already is used again.
# Without arguments for pytest it runs tests/kernels. Debian or Ubuntu, as root: it needs chroot,
# mmdebstrap, qemu-user-static and this checkout's .venv (or PYTHON) for its pip.
set -eu

cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8
checkout=$PWD
root=$checkout/build/arm64
runtimes='cpython pypy'

say() { printf 'arm64: %s\n' "$*" >&2; }
die() {
    local code=$1
    shift
    say "$*"
    exit "$code"
}

while [ $# -gt 0 ]; do
    case $1 in
    --root) root=$(realpath -m "$2") && shift 2 ;;
    --only) runtimes=$2 && shift 2 ;;
    -h | --help) sed -n '2,11s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) break ;;
    esac
done
# What test_aarch64.py lets a compiler show, these runs show themselves.
[ $# -gt 0 ] || set -- tests/kernels --ignore=tests/kernels/test_aarch64.py
case $runtimes in
'cpython pypy' | cpython | pypy) ;;
*) die 2 "--only $runtimes: cpython or pypy" ;;
esac

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
    mirror=${mirror:-http://deb.debian.org/debian}
    [ -e "$keyring" ] || die 69 "no $keyring: apt-get install debian-archive-keyring"
    say "Debian's arm64 PyPy (trixie) and Python 3.11 (bookworm) into $root"
    rm -rf "$root"
    mkdir -p "$(dirname "$root")"
    # Unpacked, not configured: nothing of it runs before the tests do.
    mmdebstrap --quiet --mode=root --variant=extract --architectures=arm64 --skip=check/qemu \
        --include=pypy3,pypy3-dev,pypy3-venv,python3.11,libc-bin,dash,bash,coreutils,libstdc++6,ca-certificates,tzdata \
        trixie "$root" \
        "deb [signed-by=$keyring] $mirror trixie main" \
        "deb [signed-by=$keyring] $mirror bookworm main"
    cp "$(command -v qemu-aarch64-static)" "$root/qemu"
    mkdir -p "$root/src" "$root/home" "$root/proc" "$root/dev" "$root/tmp"
}

make_packages() {
    say "wheels for aarch64"
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

# The default processor of qemu emulates pointer authentication, which takes ten times as long.
run_in() { # PACKAGES PROGRAM ARGUMENT...
    local packages=$1
    shift
    # shellcheck disable=SC2016 # the inner shell expands them
    unshare --mount sh -euc '
        root=$0 checkout=$1 packages=$2
        shift 2
        mount --bind "$checkout" "$root/src"
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        exec env -i PATH=/usr/sbin:/usr/bin HOME=/home TMPDIR=/tmp LC_ALL=C.UTF-8 \
            "PYTHONPATH=/src:/opt/$packages" PYTHONPYCACHEPREFIX=/home/pyc \
            NUMBA_CPU_NAME=neoverse-n1 HYPOTHESIS_STORAGE_DIRECTORY=/home/hypothesis \
            chroot "$root" /qemu -cpu neoverse-n1 "$@"
    ' "$root" "$checkout" "$packages" "$@"
}

status=0
for runtime in $runtimes; do
    case $runtime in
    cpython) program=/usr/bin/python3.11 ;;
    pypy) program=/usr/bin/pypy3 ;;
    esac
    run_in "$runtime" "$program" -c '
import os, platform, sys
os.chdir("/src")
print("arm64:", platform.machine(), platform.python_implementation(), sys.version.split()[0])
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
' "$@" || status=$?
done
exit "$status"
