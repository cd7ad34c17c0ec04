"""The table of PyPy's compiler for ARM64 is found by its form, and six entries are changed."""

from __future__ import annotations

import ctypes
import sys
from array import array
from pathlib import Path
from struct import pack

import pytest

from engine.runtime import comparison_library, comparison_memory
from engine.runtime.comparison_table import tables
from tests.unit.comparison_tables import (
    CORRECTED,
    FIRST,
    INTEGER,
    NONE,
    OTHERS,
    REAL,
    TABLE,
    library,
    loaded,
)


@pytest.mark.parametrize("before", range(17))
def test_the_table_is_found_wherever_it_stands(before: int) -> None:
    words = array("Q", [*([7, 0, 0][:before] + [0] * (before - 3)), *TABLE, *[5] * before])
    assert tables(words) == [before + FIRST]


def test_every_table_is_found() -> None:
    assert tables(array("Q", [*TABLE, *[0] * 5, *TABLE])) == [FIRST, FIRST + len(TABLE) + 5]


@pytest.mark.parametrize("words", OTHERS)
def test_what_has_another_form_is_not(words: tuple[int, ...]) -> None:
    assert tables(array("Q", words)) == []
    assert tables(array("Q", [NONE, *words, 0, NONE])) == []


@pytest.mark.parametrize("length", range(len(TABLE) - 1))
def test_a_table_that_is_cut_off_is_not(length: int) -> None:
    assert tables(array("Q", TABLE[:length])) == []


class TestMemory:
    @pytest.fixture
    def running(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        """Have a piece of this process' memory for the variables of PyPy's library."""

        def running(*words: int, rights: str = "rw-p", name: str = "libpypy3.11-c.so"):
            memory = (ctypes.c_uint64 * len(words))(*words)
            low = ctypes.addressof(memory)
            lines = (
                "7000-8000 r--p 00000000 08:01 7 /usr/lib/libpypy3.11-c.so\n"
                f"{low:x}-{low + 8 * len(words):x} {rights} 00001000 08:01 7 /my programs/{name}\n"
                "9000-a000 rw-p 00000000 00:00 0\n"
            )
            (tmp_path / "maps").write_text(lines)
            monkeypatch.setattr(comparison_memory, "MAPS", str(tmp_path / "maps"))
            return memory

        return running

    def test_six_entries_are_changed_and_put_back(self, running) -> None:
        memory = running(1, 2, 3, *TABLE)
        table = comparison_memory.find()
        assert table is not None
        assert (table.integer, table.real) == (INTEGER, REAL)
        table.correct()
        assert tuple(memory) == (1, 2, 3, *CORRECTED)
        assert comparison_memory.find() is None
        table.restore()
        assert tuple(memory) == (1, 2, 3, *TABLE)

    def test_of_two_none_is_taken(self, running) -> None:
        memory = running(*TABLE, *TABLE)
        assert comparison_memory.find() is None
        assert tuple(memory) == (*TABLE, *TABLE)

    @pytest.mark.parametrize(
        "other", [{"rights": "r--p"}, {"rights": "r-xp"}, {"name": "libc.so.6"}]
    )
    def test_only_the_variables_of_the_library_are_read(self, running, other) -> None:
        memory = running(*TABLE, **other)
        assert comparison_memory.find() is None
        assert len(memory) == len(TABLE)

    def test_without_proc_there_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(comparison_memory, "MAPS", "/nonexistent/maps")
        assert comparison_memory.find() is None

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc/self/maps")
    def test_this_process_has_none(self) -> None:
        # Nor has PyPy for x86-64, whose library is searched here.
        assert comparison_memory.find() is None


class TestLibrary:
    def test_six_words_are_changed(self) -> None:
        before = library((9, 0, 0, 8, *TABLE))
        assert loaded(before) == [9, 0, 0, 8, *TABLE]
        after = comparison_library.corrected(before)
        assert after is not None
        assert loaded(after) == [9, 0, 0, 8, *CORRECTED]
        assert len(after) == len(before)
        # Two of eight bytes differ in each.
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 6

    def test_a_second_time_there_is_nothing_to_do(self) -> None:
        after = comparison_library.corrected(library(TABLE))
        assert after is not None
        assert comparison_library.corrected(after) is None

    @pytest.mark.parametrize("words", [(*TABLE, 0, *TABLE), CORRECTED, (1, 2), ()])
    def test_not_one_place_of_the_form_is_none(self, words: tuple[int, ...]) -> None:
        assert comparison_library.corrected(library(words)) is None

    @pytest.mark.parametrize(
        ("content", "word"),
        [
            (b"", "no 64-bit ELF"),
            (b"#!/bin/sh\n", "no 64-bit ELF"),
            (b"\x7fELF\x01\x01" + bytes(90), "no 64-bit ELF"),
            (library(TABLE, machine=62), "machine 62"),
            (library(TABLE)[:40], "broken"),
            (library(TABLE)[:-30], "broken"),
            (library((1, 2)).replace(pack("<Q", 0x10008), pack("<Q", 1 << 40)), "words of"),
        ],
    )  # fmt: skip
    def test_what_is_no_library_for_arm_is_refused(self, content: bytes, word: str) -> None:
        with pytest.raises(ValueError, match=word):
            comparison_library.corrected(content)

    def test_a_section_beyond_the_end_is_refused(self) -> None:
        image = bytearray(library(TABLE))
        at = len(image) - 64 + 32  # the size of the last section
        image[at : at + 8] = (1 << 40).to_bytes(8, "little")
        with pytest.raises(ValueError, match="ends after the file"):
            comparison_library.corrected(bytes(image))
