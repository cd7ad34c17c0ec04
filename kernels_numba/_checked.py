"""Files of compiled kernels with a checksum: what is cut off or changed is compiled again.

Numba reads its files as they are: half a file ends the scan, and one flipped bit of machine code
the process. So the digest of what follows stands in front of each, and what does not agree with
it is passed over, said once, and written anew.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from typing import Any

from numba.core.caching import IndexDataCacheFile

_SIZE = 32
_said: set[str] = set()


def say_once(line: str) -> None:
    """Print a line on stderr, the first time it is said in this process."""
    if line not in _said:
        _said.add(line)
        print(f"parity: {line}", file=sys.stderr)


class CheckedFile(IndexDataCacheFile):  # type: ignore[misc]  # Numba is not typed
    """The index and the data of one kernel, as Numba keeps them, each behind its digest."""

    def _load_index(self) -> dict[Any, str]:
        try:
            version, stamp, overloads = self._read(self._index_path)
        except (OSError, ValueError):
            return {}
        is_ours = version == self._version and stamp == self._source_stamp
        return overloads if is_ours else {}

    def _save_index(self, overloads: dict[Any, str]) -> None:
        self._write(self._index_path, (self._version, self._source_stamp, overloads))

    def _load_data(self, name: str) -> Any:
        try:
            return self._read(self._data_path(name))
        except ValueError as error:
            raise OSError(str(error)) from None  # Numba takes it for a file that is not there

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), data)

    def _write(self, path: str, value: object) -> None:
        data = self._dump(value)
        with self._open_for_write(path) as file:
            file.write(hashlib.sha256(data).digest())
            file.write(data)

    def _read(self, path: str) -> Any:
        """Return what a file holds; `ValueError` if it is not what was written."""
        with open(path, "rb") as file:
            whole = file.read()
        if hashlib.sha256(whole[_SIZE:]).digest() != whole[:_SIZE]:
            say_once("a kept kernel is damaged; it is compiled again")
            raise ValueError(f"{path}: is not what was written")
        return pickle.loads(whole[_SIZE:])
