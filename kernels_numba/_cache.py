"""Where compiled kernels are kept: a private folder per state of the kernel sources.

Numba keys a cached kernel by its own file alone: an edit in another file, or another
``NUMBA_BOUNDSCHECK``, would bring back stale machine code. So the folder's name is a digest of all
of it. The files are pickles, hence the checks of owner and mode.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
PACKAGES = (_HERE.parent / "kernels_pure", _HERE)


def source_digest() -> str:
    """Return 16 hex digits that change with any kernel or binding source and NUMBA_BOUNDSCHECK."""
    digest = hashlib.sha256(os.environ.get("NUMBA_BOUNDSCHECK", "").encode())
    for package in PACKAGES:
        for path in sorted(package.glob("*.py")):
            digest.update(f"\0{package.name}/{path.name}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def base_folder() -> Path:
    """Return the folder that holds the cache of every version of the kernels."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return Path(named).absolute()
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(home).absolute() / "parity-engine" / "numba"


def folder_problem(path: Path, forbidden: int) -> str:
    """Return why `path` must not hold pickles, or "" when it may.

    `forbidden` are the mode bits that nobody may have set on it.
    """
    state = path.lstat()
    if not stat.S_ISDIR(state.st_mode):
        return f"{path} is not a folder"
    if state.st_uid != os.getuid():
        return f"{path} belongs to another user"
    if state.st_mode & forbidden:
        return f"{path} is open to other users (mode {stat.S_IMODE(state.st_mode):o})"
    if not os.access(path, os.W_OK | os.X_OK):
        return f"{path} is not writable"
    return ""


def open_cache() -> tuple[str, str]:
    """Return (folder, "") with the folder made and private, or ("", why none can be had)."""
    base = base_folder()
    folder = base / source_digest()
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whoever may write to the base could swap our folder for theirs.
        problem = folder_problem(base, stat.S_IWGRP | stat.S_IWOTH)
        # So could whoever may write to the folders above it, unless they keep names (/tmp).
        for parent in () if problem else base.parents:
            mode = parent.stat().st_mode
            if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                problem = f"{parent} is open to other users (mode {stat.S_IMODE(mode):o})"
        if not problem:
            folder.mkdir(mode=0o700, exist_ok=True)
            problem = folder_problem(folder, stat.S_IRWXG | stat.S_IRWXO)
    except OSError as error:
        problem = f"{error.filename}: {error.strerror}"
    return ("", problem) if problem else (str(folder), "")


FOLDER, PROBLEM = open_cache()
if PROBLEM:
    print(
        f"parity: compiled kernels are not kept: {PROBLEM}; "
        "set NUMBA_CACHE_DIR to a private folder",
        file=sys.stderr,
    )
