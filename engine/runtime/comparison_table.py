"""The table by which PyPy's compiler for ARM64 chooses registers, known by its form.

``comp_operations`` of rpython/jit/backend/aarch64/regalloc.py holds a function by the number of an
operation: ten comparisons of integers share one, then six of floats, two tests, some that are no
comparisons, and four comparisons of pointers, which share the integers' again. That of the floats
is faulty; that of the integers takes the same arguments, asks each for its kind of register, and
keeps the first while it loads the second. So the six entries of the floats are given it.

Nothing here is loaded where comparisons are right; `engine.runtime.comparison_memory` has the table
of a running PyPy, `engine.runtime.comparison_library` that of the file it is installed as.
"""

from __future__ import annotations

from array import array

N_INTEGER, N_FLOAT, N_TEST, N_POINTER = 10, 6, 2, 4
# Entries of a table that are looked at, from its first comparison on.
REACH = 64


def tables(words: array[int]) -> list[int]:
    """Return where in some memory, read as 64-bit words, a table's first comparison stands.

    O(words). The entries of the floats follow `N_INTEGER` words after it.
    """
    found = []
    # Of ten equal words two neighbours are met in steps of eight.
    step = N_INTEGER - 2
    n, i = len(words), 0
    while i + 1 < n:
        word = words[i]
        if word == 0 or words[i + 1] != word:
            i += step
            continue
        first, after = i, i + 2
        while first > 0 and words[first - 1] == word:
            first -= 1
        while after < n and words[after] == word:
            after += 1
        if after - first == N_INTEGER and first > 0 and _is_table(words[first - 1 : first + REACH]):
            found.append(first)
        i = after
    return found


def _is_table(near: array[int]) -> bool:
    """Tell whether words are a table from the one before its first comparison on."""
    at_float = 1 + N_INTEGER
    at_test = at_float + N_FLOAT
    after = at_test + N_TEST
    if len(near) <= after:
        return False
    none, integer, real, test = near[0], near[1], near[at_float], near[at_test]
    if len({0, none, integer, real, test}) != 5:
        return False
    wanted = [none, *[integer] * N_INTEGER, *[real] * N_FLOAT, *[test] * N_TEST, none]
    if list(near[: after + 1]) != wanted:
        return False
    at_pointer = after
    while at_pointer < len(near) and near[at_pointer] == none:
        at_pointer += 1
    pointers = [*[integer] * N_POINTER, none]
    return list(near[at_pointer : at_pointer + len(pointers)]) == pointers
