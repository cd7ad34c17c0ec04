"""Values as bytes: JSON, or the arrays of NumPy as an npz. No pickle: a file must not run anything.

What would not come back as it went in is not written at all.
"""

from __future__ import annotations

import io
import json
import math
import sys
from typing import Any

JSON, NPZ = "json", "npz"
# A payload that claims to be larger once unpacked is not unpacked.
MOST_BYTES = 1 << 30


def encode(value: object) -> tuple[str, bytes] | None:
    """Return the kind and the bytes of a value, None where it would not come back as it is.

    JSON takes None, booleans, finite numbers, text, lists, and dictionaries with text keys; npz a
    NumPy array, or a dictionary of them, of numbers.
    """
    if _is_json(value, 0):
        return JSON, json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    # Where NumPy is not loaded, nobody has an array of it.
    numpy: Any = sys.modules.get("numpy")
    if numpy is None:
        return None
    arrays: dict[Any, Any] = value if isinstance(value, dict) else {"": value}
    if not arrays or not all(
        isinstance(name, str) and name != "file" and type(column) is numpy.ndarray
        and column.dtype.kind in "biufc"
        for name, column in arrays.items()
    ):  # fmt: skip
        return None
    if isinstance(value, dict) and "" in value:
        return None
    out = io.BytesIO()
    numpy.savez(out, **arrays)
    return NPZ, out.getvalue()


def decode(kind: str, data: bytes) -> object:
    """Return the value of a payload.

    Raises
    ------
    ValueError
        If it is not one, too large, or needs NumPy where there is none.
    """
    if kind == JSON:
        try:
            return json.loads(data)
        except RecursionError:
            raise ValueError("nested too deep") from None
    if kind != NPZ:
        raise ValueError(f"no payload is of kind {kind!r}")
    try:
        import numpy
    except ImportError:
        raise ValueError("it holds arrays, and NumPy is not there") from None
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(int(member.file_size) for member in archive.infolist())
        if unpacked > MOST_BYTES:
            raise ValueError(f"{unpacked:,} bytes once unpacked")
        with numpy.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (zipfile.BadZipFile, OSError, KeyError, EOFError) as error:
        raise ValueError(f"not an npz: {error}") from None
    return arrays[""] if list(arrays) == [""] else arrays


def _is_json(value: object, depth: int) -> bool:
    if value is None or type(value) in (bool, str):
        return not isinstance(value, str) or value.isascii() or _is_text(value)
    if type(value) is int:
        return abs(value) < 1 << 63
    if type(value) is float:
        return math.isfinite(value)
    if depth > 50:
        return False
    if type(value) is list:
        return all(_is_json(item, depth + 1) for item in value)
    if type(value) is dict:
        return all(type(k) is str and _is_text(k) for k in value) and all(
            _is_json(item, depth + 1) for item in value.values()
        )
    return False


def _is_text(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
