#!/usr/bin/env bash
# Find or install PyPy in a folder of the user's own; no root, no change to the system.
# Written for bash 3.2, the one that macOS ships. `--help` lists the options.
#
# stdout carries the path of the interpreter and nothing else; messages go to stderr.
# Exit codes: 0 done, 2 usage, 65 archive refused, 69 no PyPy to be had, 74 network or disk, 78 bad prefix.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
network_timeout=${PARITY_NETWORK_TIMEOUT:-8}
user_locale=${LC_ALL:-${LC_CTYPE:-${LANG:-}}}
# PyPy does not start under a locale that the machine does not have.
sure_locale=C.UTF-8
[ "$(uname -s)" != Darwin ] || sure_locale=en_US.UTF-8
export LC_ALL=$sure_locale

say() { printf 'setup_pypy: %s\n' "$*" >&2; }
die() {
    local code=$1
    shift
    say "$*"
    exit "$code"
}

usage() {
    cat <<'TEXT'
Usage: scripts/setup_pypy.sh [OPTIONS]

Find a PyPy that passes the smoke test, or install one, and print its path.

  --target 3.11|3.10  language level wanted (default 3.11)
  --from ROUTE        one route only: existing, system, prefix or tarball
                      (default: these four, in this order, the first that works)
  --from FILE         an archive of a PyPy that you built, with a path (./FILE), checked against
                      FILE.sha256 where that lies beside it
  --prefix DIR        where to install (default: the user's data folder)
  --check             print what each route would use and change nothing
  --version V         tarball route: PyPy release (default 7.3.23; 7.3.19 for target 3.10)
  --archive FILE      tarball route: a downloaded tarball instead of the network
  --mirror URL        prefix route: Debian mirror (default: the one this machine uses)
  --help              this text

Routes
  existing  a PyPy on PATH, of an earlier run, or named by PARITY_PYPY
  system    the distribution's pypy3; installed only with --from system and as root
  prefix    Debian's packages in a private folder, fetched and verified by apt
  tarball   PyPy's official archive, compared with the checksums in this script

On ARM64 Linux PyPy's compiler compares some numbers wrongly. One that this script has installed is
asked and, where it does, corrected on disk: six entries of a table in its library, in its own folder
alone. PARITY_PYPY_COMPARISONS=leave leaves it; installing anew takes the correction back.
TEXT
}

# sha256 of the official archives, from the PyPy project's checksum page of 2026-07-21.
checksums() {
    cat <<'TABLE'
5433ac0ad526aeb35025ef8509bed65cd62ea35cb9e21ac649c69a5eff4eecb6  pypy3.11-v7.3.23-aarch64.tar.bz2
16f9f56e82d1f4ec95a324c1a8cacfd78afc7f0656c0a809a18725ef4391453a  pypy3.11-v7.3.23-linux64.tar.bz2
4747b3aceba4c1c6104cddc0fe5ea302101d32955f0957347b9ecc4fbd7aed05  pypy3.11-v7.3.23-macos_arm64.tar.bz2
c95363c4e87235d11a6cec8128239c291b1eb67a752778fbcfe029a71da82b5e  pypy3.11-v7.3.23-macos_x86_64.tar.bz2
c29a8933e2084f52df74c829aa0d8f5652b9d5919f68e9fb89cab3afe35dd884  pypy3.11-v7.3.22-aarch64.tar.bz2
c0c239a6b0d381338bcccf852d0690b9daca632e0216389a3796f8817fd66e0e  pypy3.11-v7.3.22-linux64.tar.bz2
5de96e2b68a8b347fb24f8b3f5345ce0724605d4122ce194e1decce4dab8d5a0  pypy3.11-v7.3.22-macos_arm64.tar.bz2
26adf960b6f57cacb39a9f0e8fd87e9de7986762b467c75b3aaf94177aa7af87  pypy3.11-v7.3.22-macos_x86_64.tar.bz2
9347fe691a07fd9df17a1b186554fb9d9e6210178ffef19520a579ce1f9eb741  pypy3.11-v7.3.20-aarch64.tar.bz2
1410db3a7ae47603e2b7cbfd7ff6390b891b2e041c9eb4f1599f333677bccb3e  pypy3.11-v7.3.20-linux64.tar.bz2
84a48e09c97f57df62cc9f01b7a6d8c3e306b6270671d871aa8ab8c06945940d  pypy3.11-v7.3.20-macos_arm64.tar.bz2
bb3ae80cf5fca5044af2e42933e7692c7c5e76a828ce0eb6404a5d5da83b313c  pypy3.11-v7.3.20-macos_x86_64.tar.bz2
13207dbf81ce24e96da760b1b863627b77bb20b1fb4c95191e02a0b72383df74  pypy3.11-v7.3.19-aarch64.tar.bz2
9177d9e0bb91b05f921c642cb0ff71a0f3653b5d29a42d40d6a078c15b75720f  pypy3.11-v7.3.19-linux64.tar.bz2
7704e0d5302e53920d32dcfe9afeeb10436d4c94233e8830cf603aa955a861c1  pypy3.11-v7.3.19-macos_arm64.tar.bz2
a2439f9d30dfdae96a5e9101c7dc54a8a68b56c9d7314ea399b0a25d3e87ebb2  pypy3.11-v7.3.19-macos_x86_64.tar.bz2
af27a589178f11198e2244ab65ca510630ba97c131d7ccc4021eb5bc58de7f57  pypy3.10-v7.3.19-aarch64.tar.bz2
c73ac2cc2380ac9227fd297482bf2a3e17a80618ba46db7544d535515321ec1e  pypy3.10-v7.3.19-linux64.tar.bz2
3db8a03fc496164801646844d7f3b12baa0adb3ad9a0b7cb124521bc2e168a36  pypy3.10-v7.3.19-macos_arm64.tar.bz2
2c5e5c2a33ac882551d7f28b98d19d486b8995aa50824a73b4edcc6aeec35c63  pypy3.10-v7.3.19-macos_x86_64.tar.bz2
53b6e5907df869c49e4eae7aca09fba16d150741097efb245892c1477d2395f2  pypy3.10-v7.3.17-aarch64.tar.bz2
fdcdb9b24f1a7726003586503fdeb264fd68fc37fbfcea022dcfe825a7fee18b  pypy3.10-v7.3.17-linux64.tar.bz2
a050e25e8d686853dd5afc363e55625165825dacfb55f8753d8225ebe417cfd2  pypy3.10-v7.3.17-macos_arm64.tar.bz2
6c2c5f2300d7564e711421b4968abd63243cb96f76e363975dd648ebf4a362ee  pypy3.10-v7.3.17-macos_x86_64.tar.bz2
TABLE
}

# --- options -----------------------------------------------------------------------------------

target=3.11 route=auto prefix='' check=no version='' archive='' mirror=''
while [ $# -gt 0 ]; do
    option=$1
    case $option in
    --help | -h) usage && exit 0 ;;
    --check) check=yes && shift && continue ;;
    --target | --from | --prefix | --version | --archive | --mirror)
        [ $# -ge 2 ] && [ -n "$2" ] || die 2 "$option needs a value (--help lists the options)"
        ;;
    *) die 2 "unknown option $option (--help lists the options)" ;;
    esac
    case $option in
    --target) target=$2 ;;
    --from) route=$2 ;;
    --prefix) prefix=$2 ;;
    --version) version=$2 ;;
    --archive) archive=$2 ;;
    --mirror) mirror=$2 ;;
    esac
    shift 2
done
case $target in 3.11 | 3.10) ;; *) die 2 "--target $target: expected 3.11 or 3.10" ;; esac
case $route in
auto | existing | system | prefix | tarball) ;;
*/*) archive=$route route=file ;;
*) die 2 "--from $route: expected existing, system, prefix or tarball, or a path with a / in it" ;;
esac

# The data folder of the user; where there is no usable home, a folder in the checkout.
if [ -z "$prefix" ]; then
    data=${XDG_DATA_HOME:-${HOME:+$HOME/.local/share}}
    if [ -z "$data" ] || ! mkdir -p "$data/parity-engine" 2>/dev/null; then
        data=$(dirname "$here")/.pypy
    fi
    prefix=$data/parity-engine/pypy$target
fi
case $prefix in
/*) ;;
*) prefix=$PWD/$prefix ;;
esac
case $prefix in
*[!A-Za-z0-9_./+@%=:,\ ~-]*) die 78 "--prefix $prefix: a path of letters, digits and ./_+@%=:,~- is needed" ;;
esac
interpreter=$prefix/bin/pypy$target
stamp=$prefix/.parity-pypy

# --- the smoke test ----------------------------------------------------------------------------

# Is this PyPy release good? 3.11 from 7.3.19 on, 3.10 from 7.3.13 on, below 8 (another wheel ABI),
# and never 7.3.21 (it crashes).
good_release() {
    local micro=${1#7.3.} floor=19
    [ "$target" = 3.11 ] || floor=13
    case $1 in 7.3.*) ;; *) return 1 ;; esac
    micro=${micro%%[!0-9]*}
    [ -n "$micro" ] && [ "$micro" -ge "$floor" ] && [ "$micro" -ne 21 ]
}

# Run an interpreter: sets `release` when it is fit for us, else `reason`. A shim may exist and not run.
release='' reason=''
smoke() {
    release='' reason=''
    [ -x "$1" ] || { reason="no such program" && return 1; }
    local code out
    code="
import sys, platform
if platform.python_implementation() != 'PyPy': sys.exit('it is ' + platform.python_implementation())
if sys.version_info[:2] != tuple(map(int, '$target'.split('.'))): sys.exit('its language level is ' + sys.version.split()[0])
if sys.prefix != sys.base_prefix: sys.exit('it is a virtual environment')
if 'pypyjit' not in sys.builtin_module_names: sys.exit('it has no JIT')
import ctypes
try: ctypes.CDLL('libssl.so.3')
except OSError: pass
import ssl, sqlite3, lzma, bz2, zlib, hashlib, decimal, zoneinfo, multiprocessing, venv, ensurepip
ssl.create_default_context()
sys.stdout.write('release ' + '.'.join(map(str, sys.pypy_version_info[:3])))
"
    if ! out=$("$1" -I -c "$code" 2>&1 </dev/null); then
        reason=$(printf '%s\n' "$out" | tail -n 1)
        reason=${reason:-it does not run}
        return 1
    fi
    out=$(printf '%s\n' "$out" | tail -n 1)
    release=${out#release }
    if ! good_release "$release"; then
        reason="PyPy $release is not supported (7.3.19 or newer, below 8, not 7.3.21)"
        return 1
    fi
}

# --- route: existing ---------------------------------------------------------------------------

existing_candidates() {
    [ -z "${PARITY_PYPY:-}" ] || printf '%s\n' "$PARITY_PYPY"
    printf '%s\n' "$interpreter"
    type -aP "pypy$target" pypy3 pypy 2>/dev/null || true
    local version_dir
    for version_dir in "${HOME:-/nonexistent}"/.pyenv/versions/pypy"$target"-*; do
        [ ! -d "$version_dir" ] || printf '%s\n' "$version_dir/bin/pypy$target"
    done
}

found='' rejected=''
find_existing() {
    local candidate
    found='' rejected=''
    while IFS= read -r candidate; do
        if smoke "$candidate"; then
            found=$candidate
            return 0
        fi
        [ ! -e "$candidate" ] || rejected="$rejected${rejected:+; }$candidate: $reason"
    done <<LIST
$(existing_candidates)
LIST
    return 1
}

# --- route: system -----------------------------------------------------------------------------

system_interpreter=/usr/bin/pypy$target
apt_candidate() { apt-cache policy pypy3 2>/dev/null | sed -n 's/^ *Candidate: *//p'; }

why_no_system() {
    local candidate
    if smoke "$system_interpreter"; then return 1; fi
    [ "$target" = 3.11 ] || { echo "no distribution packages PyPy $target" && return; }
    command -v apt-cache >/dev/null || { echo "no apt on this machine" && return; }
    candidate=$(apt_candidate)
    good_release "${candidate:-none}" || { echo "the distribution's pypy3 is ${candidate:-absent}" && return; }
    [ "$(id -u)" = 0 ] || { echo "as root: apt-get install pypy3 pypy3-dev pypy3-venv" && return; }
    [ "$route" = system ] || { echo "--from system would install pypy3 $candidate" && return; }
    return 1
}

use_system() {
    local why
    why=$(why_no_system) && die 69 "system: $why"
    if ! smoke "$system_interpreter"; then
        say "installing the distribution's pypy3"
        apt-get install -y -q --no-install-recommends pypy3 pypy3-dev pypy3-venv >&2 ||
            die 74 "apt-get install pypy3 failed; its last lines are above"
        smoke "$system_interpreter" || die 69 "$system_interpreter: $reason"
    fi
    found=$system_interpreter
}

# --- what the two installing routes share ------------------------------------------------------

work='' lock='' staged=''
cleanup() {
    [ -z "$work" ] || rm -rf "$work"
    [ -z "$staged" ] || rm -rf "$staged"
    [ -z "$lock" ] || rm -rf "$lock"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

begin_install() {
    mkdir -p "$(dirname "$prefix")" 2>/dev/null || die 74 "cannot create $(dirname "$prefix")"
    [ -w "$(dirname "$prefix")" ] || die 74 "cannot write to $(dirname "$prefix")"
    if ! mkdir "$prefix.lock" 2>/dev/null; then
        local owner
        owner=$(cat "$prefix.lock/pid" 2>/dev/null || true)
        if [ -n "$owner" ] && kill -0 "$owner" 2>/dev/null; then
            die 74 "another run (process $owner) is installing into $prefix"
        fi
    fi
    lock=$prefix.lock
    mkdir -p "$lock" && echo $$ >"$lock/pid"
    work=$(mktemp -d "${TMPDIR:-/tmp}/parity-pypy.XXXXXX")
    staged=$prefix.new
    rm -rf "$staged"
    mkdir "$staged"
}

# Put the staged tree in place by rename, test it there, and put the old one back if it fails.
finish_install() { # ROUTE RELEASE [SHA256]
    rm -f "$staged/lib/pypy$target/EXTERNALLY-MANAGED"
    printf 'route=%s\nrelease=%s\nprefix=%s\n' "$1" "$2" "$prefix" >"$staged/.parity-pypy"
    [ -z "${3:-}" ] || printf 'archive=%s\n' "$3" >>"$staged/.parity-pypy"
    rm -rf "$prefix.old"
    [ ! -e "$prefix" ] || mv "$prefix" "$prefix.old"
    mv "$staged" "$prefix"
    staged=''
    if ! smoke "$interpreter"; then
        local why=$reason
        rm -rf "$prefix"
        [ ! -e "$prefix.old" ] || mv "$prefix.old" "$prefix"
        die 69 "$1: the new PyPy failed its smoke test and was removed: $why"
    fi
    # Without compiled modules each start takes 0.15 s instead of 0.02 s.
    env -u PYTHONDONTWRITEBYTECODE "$interpreter" -m compileall -q "$prefix/lib/pypy$target" >/dev/null 2>&1 || true
    rm -rf "$prefix.old"
    found=$interpreter
}

# An intact earlier install by the same route needs no work. A moved prefix does not count.
already_installed() { # ROUTE [RELEASE]
    grep -qx "route=$1" "$stamp" 2>/dev/null && grep -qxF "prefix=$prefix" "$stamp" || return 1
    [ -z "${2:-}" ] || grep -qxF "release=$2" "$stamp" || return 1
    smoke "$interpreter" || return 1
    found=$interpreter
}

# --- comparisons on ARM64 ------------------------------------------------------------------------

is_arm64_linux() { case $(uname -s)-$(uname -m) in Linux-aarch64 | Linux-arm64) ;; *) return 1 ;; esac; }
comparisons_noted() { sed -n 's/^comparisons=//p' "$stamp" 2>/dev/null | tail -n 1; }

# Have the PyPy of the prefix compare as it is asked to, and note in the stamp what was done.
correct_comparisons() {
    local noted
    is_arm64_linux && grep -qxF "prefix=$prefix" "$stamp" 2>/dev/null || return 0
    case $(comparisons_noted) in right | corrected) return 0 ;; esac
    case ${PARITY_PYPY_COMPARISONS:-fix} in
    fix) noted=$("$interpreter" -I "$here/correct_pypy.py" "$prefix" </dev/null) || noted=wrong ;;
    *) noted=left ;;
    esac
    { grep -v '^comparisons=' "$stamp" && printf 'comparisons=%s\n' "$noted"; } >"$stamp.new"
    mv "$stamp.new" "$stamp"
    case $noted in
    corrected) say "PyPy's comparisons on ARM64 are corrected in $prefix" ;;
    wrong) say "PyPy compares wrongly on ARM64 and could not be corrected here: the engine does what it can at every start" ;;
    left) say "PyPy's comparisons are left as they are (PARITY_PYPY_COMPARISONS)" ;;
    esac
}

# --- route: prefix -----------------------------------------------------------------------------

suite=trixie # by name: "stable" will be another PyPy one day
keyring=''

why_no_prefix() {
    [ "$target" = 3.11 ] || { echo "Debian packages PyPy 3.11 only" && return; }
    local tool
    for tool in apt-get apt-config dpkg dpkg-deb; do
        command -v $tool >/dev/null || { echo "$tool is missing" && return; }
    done
    case $(dpkg --print-architecture) in
    amd64 | arm64) ;;
    *) echo "no packages for $(dpkg --print-architecture)" && return ;;
    esac
    [ -n "$(debian_mirrors)" ] || { echo "no Debian mirror among this machine's apt sources; name one with --mirror URL" && return; }
    return 1
}

# Bases of the Debian archives that this machine is set up to use, so that no host is named here.
suites='bullseye|bookworm|trixie|forky|duke|sid|oldstable|stable|testing|unstable'
apt_uris() { apt-get update --print-uris 2>/dev/null | sed -nE "s#^'([^']+)/dists/($suites)$1/InRelease'.*#\\1#p" | awk '!seen[$0]++'; }
debian_mirrors() {
    if [ -n "$mirror" ]; then printf '%s\n' "${mirror%/}"; else apt_uris ''; fi
}
security_mirror() { [ -n "$mirror" ] || apt_uris '(-security|/updates)' | head -n 1; }

find_keyring() {
    for keyring in /usr/share/keyrings/debian-archive-keyring.pgp /usr/share/keyrings/debian-archive-keyring.gpg; do
        [ ! -r "$keyring" ] || return 0
    done
    # A relative of Debian can vouch for Debian's keys through its own signed archive.
    (cd "$work" && apt-get download -q debian-archive-keyring >/dev/null 2>&1 &&
        dpkg-deb -x debian-archive-keyring_*.deb keys) || die 69 "prefix: Debian's archive keyring is missing (package debian-archive-keyring)"
    keyring=$work/keys/usr/share/keyrings/debian-archive-keyring.gpg
    [ -r "$keyring" ] || die 69 "prefix: the package debian-archive-keyring holds no keyring"
}

# A private apt: its own state, an empty list of installed packages, and the user's Acquire settings
# (proxy, certificates) without those that would let an unsigned archive pass.
write_apt_config() { # MIRROR
    local security
    security=$(security_mirror)
    mkdir -p "$work"/{etc/none,state/lists/partial,cache/archives/partial,log}
    : >"$work/state/status"
    {
        printf 'Types: deb\nURIs: %s\nSuites: %s %s-updates\nComponents: main\nSigned-By: %s\n' "$1" $suite $suite "$keyring"
        [ -z "$security" ] ||
            printf '\nTypes: deb\nURIs: %s\nSuites: %s-security\nComponents: main\nSigned-By: %s\n' "$security" $suite "$keyring"
    } >"$work/etc/debian.sources"
    {
        apt-config dump | grep '^Acquire::' | grep -vE '^Acquire::(Allow(Insecure|Weak|Downgrade)|Retries|https?::Timeout)' || true
        cat <<CONFIG
Acquire::AllowInsecureRepositories "0";
Acquire::AllowWeakRepositories "0";
Acquire::AllowDowngradeToInsecureRepositories "0";
Acquire::Retries "0";
Acquire::http::Timeout "$network_timeout";
Acquire::https::Timeout "$network_timeout";
APT::Get::AllowUnauthenticated "0";
APT::Install-Recommends "0";
APT::Sandbox::User "$(id -un)";
Dir::State "$work/state";
Dir::State::status "$work/state/status";
Dir::Cache "$work/cache";
Dir::Log "$work/log";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "$work/etc/none";
Dir::Etc::sourcelist "$work/etc/debian.sources";
Dir::Etc::sourceparts "$work/etc/none";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$work/etc/none";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "$work/etc/none";
CONFIG
    } >"$work/apt.conf"
}

private_apt() { APT_CONFIG=$work/apt.conf "$@"; }

# Fail early where the mirror cannot be reached: apt alone would try every address in turn.
fetch_lists() { # MIRROR
    local log=$work/apt.log
    private_apt timeout $((network_timeout + 1)) /usr/lib/apt/apt-helper download-file \
        "$1/dists/$suite/InRelease" "$work/InRelease" >"$log" 2>&1 || {
        say "prefix: $1 has no suite $suite or cannot be reached within ${network_timeout} s"
        return 1
    }
    if ! private_apt apt-get update -q >"$log" 2>&1 || grep -qE '^(W|E): .*(GPG|signature|signed)' "$log"; then
        say "prefix: apt does not accept $1: $(grep -E '^(E|W):' "$log" | sort | head -n 1)"
        return 1
    fi
}

fetch_packages() {
    local base candidate
    while IFS= read -r base; do
        rm -rf "$work"/state "$work"/cache
        write_apt_config "$base"
        fetch_lists "$base" || continue
        candidate=$(private_apt apt_candidate)
        good_release "${candidate:-none}" || { say "prefix: $base offers pypy3 ${candidate:-none}" && continue; }
        release=${candidate%%+*}
        say "fetching Debian's PyPy $release ($suite) into $prefix"
        private_apt apt-get install -y -q --download-only pypy3 pypy3-dev pypy3-venv libstdc++6 >"$work/apt.log" 2>&1 && return 0
        say "prefix: download failed: $(grep -E '^(E|W):' "$work/apt.log" | head -n 1)"
    done <<LIST
$(debian_mirrors)
LIST
    return 1
}

# Is the second version newer than the first, or the same?
not_older() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | tail -n 1)" = "$2" ]; }

use_prefix() {
    local why package triplet loader library host_libc our_libc file
    why=$(why_no_prefix) && die 69 "prefix: $why"
    ! already_installed prefix || return 0
    begin_install
    find_keyring
    fetch_packages || die 74 "prefix: no mirror gave a PyPy; the lines above say why"
    case $(dpkg --print-architecture) in
    amd64) triplet=x86_64-linux-gnu loader=ld-linux-x86-64.so.2 ;;
    arm64) triplet=aarch64-linux-gnu loader=ld-linux-aarch64.so.1 ;;
    esac
    # The packages' libc comes along unless this machine's is as new: host libraries that a program
    # loads beside PyPy may need the host's.
    our_libc=$(cd "$work/cache/archives" && echo libc6_*.deb)
    our_libc=${our_libc#libc6_}
    our_libc=${our_libc%%-*}
    host_libc=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed 's/^glibc //')
    loader=$prefix/lib/$triplet/$loader
    for package in "$work"/cache/archives/*.deb; do
        case $package in */libc6_*) ! not_older "$our_libc" "${host_libc:-0}" || continue ;; esac
        dpkg-deb -x "$package" "$work/tree"
    done
    if not_older "$our_libc" "${host_libc:-0}"; then
        for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1; do [ ! -x $loader ] || break; done
    fi
    mkdir -p "$staged"/{bin,libexec,lib,share}
    library=$prefix/lib/$triplet
    rm -rf "$work/tree/usr/lib/$triplet/gconv"
    mv "$work/tree/usr/lib/pypy$target" "$work/tree/usr/lib/$triplet" "$staged/lib/"
    mv "$work/tree/usr/include" "$staged/"
    mv "$work/tree/usr/share/python-wheels" "$staged/share/"
    mv "$work/tree/usr/bin/pypy$target" "$staged/libexec/"
    # A launcher, for RUNPATH is not inherited by libraries: one loaded through ctypes would bring the
    # host's OpenSSL. The loader's own search path is.
    cat >"$staged/bin/pypy$target" <<LAUNCHER
#!/bin/sh
exec "$loader" --argv0 "\$0" --library-path "$library" "$prefix/libexec/pypy$target" "\$@"
LAUNCHER
    chmod 755 "$staged/bin/pypy$target"
    ln -s "pypy$target" "$staged/bin/pypy3"
    for file in "$staged/lib/pypy$target"/_sysconfigdata__*.py; do
        sed -i -E "s#'/usr/(include/|lib/|share/python-wheels)#'$prefix/\\1#" "$file"
    done
    finish_install prefix "$release"
}

# --- route: tarball ----------------------------------------------------------------------------

tarball_host=https://downloads.python.org/pypy
tarball_name() {
    local platform
    case $(uname -s)-$(uname -m) in
    Linux-x86_64) platform=linux64 ;;
    Linux-aarch64 | Linux-arm64) platform=aarch64 ;;
    Darwin-arm64) platform=macos_arm64 ;;
    Darwin-x86_64) platform=macos_x86_64 ;;
    *) return 1 ;;
    esac
    if [ -z "$version" ]; then [ "$target" = 3.11 ] && version=7.3.23 || version=7.3.19; fi
    printf 'pypy%s-v%s-%s.tar.bz2\n' "$target" "$version" "$platform"
}
expected_sha256() { checksums | awk -v name="$1" '$2 == name { print $1 }'; }
actual_sha256() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1; }

why_no_tarball() {
    local name
    name=$(tarball_name) || { echo "no official PyPy for $(uname -s) on $(uname -m)" && return; }
    [ -n "$(expected_sha256 "$name")" ] || { echo "no checksum is known for $name, so it is refused" && return; }
    return 1
}

download() { # URL FILE
    if command -v curl >/dev/null; then
        curl -fsSL --connect-timeout "$network_timeout" --speed-limit 1000 --speed-time "$network_timeout" -o "$2" "$1"
    elif command -v wget >/dev/null; then
        wget -q --timeout="$network_timeout" --tries=1 -O "$2" "$1"
    elif command -v python3 >/dev/null; then
        python3 -c 'import shutil, sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=float(sys.argv[3])) as source, open(sys.argv[2], "wb") as file:
    shutil.copyfileobj(source, file)' "$1" "$2" "$network_timeout"
    else
        say "curl or wget is needed"
        return 1
    fi 2>"$work/download.log"
}

use_tarball() {
    local why name file
    why=$(why_no_tarball) && die 69 "tarball: $why"
    name=$(tarball_name)
    version=$(printf '%s\n' "$name" | sed 's/.*-v\([^-]*\)-.*/\1/')
    good_release "$version" || die 69 "tarball: PyPy $version is not supported for target $target"
    ! already_installed tarball "$version" || return 0
    begin_install
    file=$archive
    if [ -z "$file" ]; then
        file=$work/$name
        say "downloading $name"
        download "${PARITY_PYPY_URL:-$tarball_host}/$name" "$file" ||
            die 74 "tarball: $name could not be downloaded: $(tail -n 1 "$work/download.log" 2>/dev/null)"
    fi
    [ -r "$file" ] || die 74 "tarball: cannot read $file"
    [ "$(actual_sha256 "$file")" = "$(expected_sha256 "$name")" ] ||
        die 65 "tarball: the checksum of $file is not the one recorded for $name; it was not unpacked"
    mkdir "$work/tree"
    if command -v bzip2 >/dev/null; then
        tar -xjf "$file" -C "$work/tree"
    else
        python3 -m tarfile -e "$file" "$work/tree" || die 69 "tarball: bzip2 is missing (apt-get install bzip2)"
    fi
    rmdir "$staged"
    mv "$work/tree/${name%.tar.bz2}" "$staged"
    finish_install tarball "$version"
}

# --- route: file -------------------------------------------------------------------------------

use_file() {
    local sum built
    [ -r "$archive" ] || die 74 "file: cannot read $archive"
    sum=$(actual_sha256 "$archive")
    if [ -r "$archive.sha256" ]; then
        [ "$(awk 'NR == 1 { print $1 }' "$archive.sha256")" = "$sum" ] ||
            die 65 "file: the checksum of $archive is not the one in $archive.sha256; it was not unpacked"
    else
        say "there is no $archive.sha256: taken as it is"
    fi
    if grep -qxF "archive=$sum" "$stamp" 2>/dev/null && already_installed file; then return 0; fi
    begin_install
    tar -tf "$archive" >"$work/names" 2>/dev/null || die 65 "file: $archive is no archive that tar can read"
    ! grep -qE '^/|(^|/)\.\.(/|$)' "$work/names" || die 65 "file: $archive has names that lead out of it; it was not unpacked"
    mkdir "$work/tree"
    tar -xf "$archive" -C "$work/tree" || die 74 "file: $archive could not be unpacked"
    built=$(echo "$work"/tree/*)
    [ -x "$built/bin/pypy$target" ] || die 65 "file: $archive is not one folder with a bin/pypy$target"
    smoke "$built/bin/pypy$target" || die 69 "file: $archive: $reason"
    rmdir "$staged"
    mv "$built" "$staged"
    finish_install file "$release" "$sum"
}

# --- main --------------------------------------------------------------------------------------

if [ $check = yes ]; then
    choice=none
    report() { # ROUTE REASON-IT-CANNOT (empty if it can) WHAT
        if [ -n "$2" ]; then echo "$1: no: $2"; else
            echo "$1: $3"
            [ "$choice" != none ] || [ "$route" != auto ] && [ "$route" != "$1" ] || choice=$1
        fi
    }
    if find_existing; then report existing '' "$found, PyPy $release"; else
        report existing "${rejected:-no PyPy $target found}" ''
    fi
    report system "$(why_no_system || true)" "$system_interpreter"
    report prefix "$(why_no_prefix || true)" "Debian $suite from $(debian_mirrors 2>/dev/null | head -n 1) into $prefix"
    report tarball "$(why_no_tarball || true)" "$(tarball_name || true) into $prefix"
    ! is_arm64_linux || echo "comparisons: $(comparisons_noted | grep . || echo 'not asked yet') in $prefix"
    echo "would use: $choice"
    [ "$choice" != none ] || exit 69
    exit 0
fi

case $route in
existing) find_existing || die 69 "no PyPy $target passes the smoke test${rejected:+: $rejected}" ;;
system) use_system ;;
prefix) use_prefix ;;
tarball) use_tarball ;;
file) use_file ;;
auto)
    if ! find_existing; then
        [ -z "$rejected" ] || say "not used: $rejected"
        # Each installing route runs in a shell of its own, so that its failure leaves the next one to try.
        options=(--target "$target" --prefix "$prefix")
        [ -z "$version" ] || options+=(--version "$version")
        [ -z "$archive" ] || options+=(--archive "$archive")
        [ -z "$mirror" ] || options+=(--mirror "$mirror")
        for route in prefix tarball; do
            found=$(bash "$here/setup_pypy.sh" --from $route "${options[@]}") && break
            found=''
        done
        [ -n "$found" ] || die 69 "no route gave a PyPy $target; the lines above say why (PARITY_PYPY may name one)"
    fi
    ;;
esac

[ "$found" != "$interpreter" ] || correct_comparisons
if [ -n "$user_locale" ] && ! LC_ALL=$user_locale "$found" -c '' >/dev/null 2>&1; then
    say "PyPy does not start under the locale $user_locale here: export LC_ALL=$sure_locale"
fi
[ ! "$(uname -s)" = Linux ] || [ -e /etc/ssl/certs ] || say "no CA certificates: https from PyPy will fail (apt-get install ca-certificates)"
printf '%s\n' "$found"
