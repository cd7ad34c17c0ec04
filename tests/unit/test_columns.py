"""Columns on disk: the same numbers, the same results of kernels, no damaged file as another."""

from __future__ import annotations

import gc
from array import array
from pathlib import Path

import pytest

from engine.backend import Backend
from engine.errors import BadDataError, InputOutputError, NoInputError
from engine.session.columns import Columns, write_columns
from kernels_pure.averages import EMA_STATE

N = 5000
CLOSE = array("d", (100.0 + (k * 7919 % 997) / 100.0 for k in range(N)))
TIME = array("q", range(10**18, 10**18 + N))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "bars.columns"
    write_columns(path, {"time_ns": TIME, "close": CLOSE}, {"symbol": "XYZ"})
    return path


def test_columns_come_back_to_the_bit(path: Path) -> None:
    columns = Columns(path)
    assert (columns.names(), columns.n_rows) == (("time_ns", "close"), N)
    assert columns.about == {"symbol": "XYZ"}
    assert array("q", list(columns.column("time_ns"))) == TIME
    assert array("d", list(columns.column("close"))) == CLOSE
    assert len(columns.column("close")) == N
    assert columns.verify() == []
    with pytest.raises(KeyError):
        columns.column("open")


def test_kernels_run_on_them_and_give_the_same_bits(path: Path, backend: Backend) -> None:
    averages = backend.load("averages")
    results = []
    for close in (CLOSE, Columns(path).column("close")):
        state, out = array("d", bytes(8 * EMA_STATE)), array("d", bytes(8 * N))
        averages.ema(close, 20, state, out)
        results.append(out.tobytes())
    assert results[0] == results[1]


def test_a_view_outlives_what_it_came_from(path: Path) -> None:
    view = Columns(path).column("close")
    gc.collect()
    assert array("d", list(view)) == CLOSE


def test_writing_to_a_view_changes_no_file(path: Path) -> None:
    before = path.read_bytes()
    columns = Columns(path)
    view = columns.column("close")
    view[0] = 5.0
    assert columns.column("close")[0] == 5.0
    assert path.read_bytes() == before
    assert Columns(path).column("close")[0] == CLOSE[0]


def test_a_damaged_byte_is_refused_found_or_without_meaning(tmp_path: Path) -> None:
    path = tmp_path / "small"
    write_columns(path, {"a": array("d", [1.0, 2.0]), "b": array("q", [3, 4])})
    whole = path.read_bytes()
    places = [k for k in range(len(whole)) if k < 600 or k % 4096 < 40]
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        try:
            columns = Columns(path)
        except BadDataError:
            continue
        if columns.verify() or columns.names() != ("a", "b") or columns.n_rows != 2:
            continue
        assert [list(columns.column(name)) for name in "ab"] == [[1.0, 2.0], [3, 4]]
    for cut in (0, 5, 16, 100, 4096, len(whole) - 4096):
        path.write_bytes(whole[:cut])
        with pytest.raises(BadDataError):
            Columns(path)


def test_what_cannot_be_written_leaves_what_was_there(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one length"):
        write_columns(path, {"a": CLOSE, "b": array("d", [1.0])})
    with pytest.raises(ValueError, match="8-byte"):
        write_columns(path, {"a": array("b", [1])})
    with pytest.raises(InputOutputError):
        write_columns(tmp_path / "none" / "x", {"a": CLOSE})
    with pytest.raises(NoInputError):
        Columns(tmp_path / "none")
    assert Columns(path).verify() == []
