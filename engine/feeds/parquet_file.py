"""A Parquet file as rows of text, so that every layout and mapping holds for it too.

pyarrow reads it, an optional extra. A float is written with all its digits and read back the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import (
    BadDataError,
    InputOutputError,
    NoInputError,
    NotPermittedError,
    load_extra,
)
from engine.feeds.record import CellError
from engine.feeds.rows import Columns, Row
from engine.feeds.text_file import CAPS, Caps

MAGIC = b"PAR1"
_MOST_COLUMNS = 10_000
_BATCH = 10_000


def read_parquet(path: Path, caps: Caps = CAPS) -> tuple[Columns, Iterator[Row | CellError]]:
    """Return the columns of a Parquet file and its rows, counted from 1.

    Raises
    ------
    UnavailableError
        If pyarrow is not installed.
    NoInputError, NotPermittedError, InputOutputError
        If the file is not there or cannot be read.
    BadDataError
        If it is no Parquet file, or larger than `caps` once unpacked.
    """
    if not path.is_file():
        raise NoInputError(f"{path}: no such file")
    need = f"{path.name} is a Parquet file, which needs pyarrow"
    pyarrow, parquet = (load_extra(m, "parquet", need) for m in ("pyarrow", "pyarrow.parquet"))
    try:
        file = parquet.ParquetFile(path)
    except PermissionError:
        raise NotPermittedError(f"{path}: you may not read it") from None
    except OSError as error:
        raise InputOutputError(f"{path}: {error.strerror or 'cannot be read'}") from None
    except (pyarrow.ArrowException, ValueError):
        raise BadDataError(f"{path.name}: is not a Parquet file, or is damaged") from None
    meta = file.metadata
    size = sum(int(meta.row_group(k).total_byte_size) for k in range(meta.num_row_groups))
    if size > caps.bytes or meta.num_rows > caps.rows:
        raise BadDataError(
            f"{path.name}: {meta.num_rows:,} rows of {size:,} bytes are more than is read "
            f"({caps.advice})"
        )
    names = [str(name) for name in file.schema_arrow.names]
    if len(names) > _MOST_COLUMNS:
        raise BadDataError(f"{path.name}: {len(names):,} columns are no table of quotes")
    columns = Columns(path.name, names)
    return columns, _rows(file, columns)


def _rows(file: Any, columns: Columns) -> Iterator[Row | CellError]:
    import pyarrow

    line = 0
    try:
        for batch in file.iter_batches(batch_size=_BATCH):
            for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                line += 1
                yield Row(columns, line, [_text(cell) for cell in cells])
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError):
        raise BadDataError(f"{columns.file}: is damaged after row {line:,}") from None


def _text(value: object) -> str:
    """Return a cell as text: a midnight without a zone is a day."""
    if value is None or value != value:
        return ""
    if isinstance(value, float):
        return repr(value)
    written = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return written.removesuffix("T00:00:00")
