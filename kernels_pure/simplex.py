"""A dense bounded simplex: the most profitable portfolio that loses in no state.

The programme is homogeneous (its rows read A x >= 0), so holding nothing is feasible and as
degenerate as a start can be: every row is tight. Three devices keep the method finite and exact.
The tableau is condensed (rows by columns, no unit columns). Every basic variable has two values,
a real one and an infinitesimal one: slack r starts at 0 + epsilon * (something irregular in
1 .. 2), steps are compared by their real part and, where those tie, by the infinitesimal one, so
that no basis returns. As the perturbation never touches the real values, an optimum of 0 is found
as exactly 0. And of the rows that stop a step within a rounding error of each other the one with
the largest pivot leaves (Harris), which keeps the tableau accurate without factorising it anew.

The tableau `work` holds, in this order: n_rows rows of n_columns coefficients (how a basic
variable moves with each nonbasic one), the row of reduced gains, the basic variables' values,
their infinitesimal values and their upper bounds, and one row of scratch. `work_index` holds the
basic variable of each row, the nonbasic variable of each column (structural ones from 0, slack
of row r is n_columns + r), and whether each nonbasic one stands at its upper bound.

Source: Dantzig 1963, chapter 18 (upper bounds); Charnes 1952 (perturbation); Harris 1973.
"""

from math import inf, nan

from kernels_pure.columns import Floats, Ints

OPTIMAL = 0
UNBOUNDED = 1
STALLED = 2

UNLIMITED = 1e300
GAIN_TOLERANCE = 1e-12
PIVOT_TOLERANCE = 1e-9
SLACK = 1e-12
FINE_SLACK = 1e-8


def payoff_rows(
    n_states: int,
    n_columns: int,
    state: Floats,
    kind: Ints,
    side: Floats,
    strike: Floats,
    scale: float,
    out_rows: Floats,
) -> None:
    """Write what each instrument pays in each state: the rows of the profit programme.

    `state` holds rising prices of the underlying, the first 0; one row more than states says what
    each instrument gains per unit beyond the last one. `kind` is 1 for a call, -1 for a put, 0
    for the underlying, 2 for money that pays `scale`; `side` is +1 bought, -1 sold, by column,
    as is `strike`. Everything is divided by `scale`, a typical price. Payoffs of options are
    linear between strikes, so a portfolio that loses in no state given loses nowhere, provided
    every strike is a state. O(n_states * n_columns).
    """
    per = nan
    if scale > 0.0:
        per = 1.0 / scale
    for r in range(n_states + 1):
        for j in range(n_columns):
            pays = 0.0
            if r < n_states:
                if kind[j] == 2:
                    pays = scale
                elif kind[j] == 0:
                    pays = state[r]
                else:
                    pays = max(kind[j] * (state[r] - strike[j]), 0.0)
                pays *= per
            elif kind[j] == 0 or kind[j] == 1:
                pays = 1.0
            out_rows[r * n_columns + j] = side[j] * pays


def start_tableau(
    n_rows: int, n_columns: int, rows: Floats, gain: Floats, work: Floats, work_index: Ints
) -> None:
    """Lay out the tableau of the basis of slacks. O(n_rows * n_columns)."""
    for k in range(n_rows * n_columns):
        work[k] = rows[k]
    for j in range(n_columns):
        work[n_rows * n_columns + j] = gain[j]
        work_index[n_rows + j] = j
        work_index[n_rows + n_columns + j] = 0
    values = (n_rows + 1) * n_columns
    irregular = 0.5
    for r in range(n_rows):
        irregular = 3.9 * irregular * (1.0 - irregular)
        work[values + r] = 0.0
        work[values + n_rows + r] = 1.0 + irregular
        work[values + 2 * n_rows + r] = UNLIMITED
        work_index[r] = n_columns + r


def entering_column(n_rows: int, n_columns: int, work: Floats, work_index: Ints) -> int:
    """Return the column whose move off its bound gains most per unit; -1 at the optimum."""
    best = GAIN_TOLERANCE
    column = -1
    gains = n_rows * n_columns
    at_upper = n_rows + n_columns
    for j in range(n_columns):
        gain = work[gains + j] * (1 - 2 * work_index[at_upper + j])
        if gain > best:
            best = gain
            column = j
    return column


def leaving_row(
    n_rows: int, n_columns: int, column: int, sign: float, work: Floats
) -> tuple[int, float, float]:
    """Return the row that first stops the move of `column`, and the step in both parts.

    `sign` is +1 when the column leaves its lower bound, -1 its upper. Without a row that stops it
    the result is ``(-1, inf, inf)``. O(n_rows).
    """
    values = (n_rows + 1) * n_columns
    fines = values + n_rows
    bounds = fines + n_rows
    ceiling = inf
    for r in range(n_rows):
        rate = sign * work[r * n_columns + column]
        room = work[values + r]
        if rate > PIVOT_TOLERANCE:
            room = work[bounds + r] - room
        if abs(rate) > PIVOT_TOLERANCE:
            ceiling = min(ceiling, (max(room, 0.0) + SLACK) / abs(rate))
    row = -1
    step = inf
    fine_step = inf
    if ceiling >= UNLIMITED:
        return row, step, fine_step
    fine_ceiling = inf
    for r in range(n_rows):
        rate = sign * work[r * n_columns + column]
        room = work[values + r]
        fine = work[fines + r]
        if rate > PIVOT_TOLERANCE:
            room = work[bounds + r] - room
            fine = -fine
        if abs(rate) > PIVOT_TOLERANCE and room <= ceiling * abs(rate):
            fine_ceiling = min(fine_ceiling, (fine + FINE_SLACK) / abs(rate))
    largest = PIVOT_TOLERANCE
    for r in range(n_rows):
        rate = sign * work[r * n_columns + column]
        if abs(rate) > largest:
            room = work[values + r]
            fine = work[fines + r]
            if rate > 0.0:
                room = work[bounds + r] - room
                fine = -fine
            if room <= ceiling * abs(rate) and fine <= fine_ceiling * abs(rate):
                row = r
                largest = abs(rate)
                step = max(room, 0.0) / largest
                fine_step = fine / largest
    return row, step, fine_step


def move_basis(
    n_rows: int, n_columns: int, column: int, step: float, fine_step: float, work: Floats
) -> None:
    """Add to the basic variables what they change by when `column` moves by `step`. O(n_rows)."""
    values = (n_rows + 1) * n_columns
    for r in range(n_rows):
        rate = work[r * n_columns + column]
        work[values + r] += rate * step
        work[values + n_rows + r] += rate * fine_step


def exchange(n_rows: int, n_columns: int, row: int, column: int, work: Floats) -> None:
    """Turn the tableau so that `column` is basic in `row`. O(n_rows * n_columns)."""
    scratch = (n_rows + 1) * n_columns + 3 * n_rows
    start = row * n_columns
    pivot = work[start + column]
    for k in range(n_columns):
        work[scratch + k] = -work[start + k] / pivot
        work[start + k] = 0.0
    work[scratch + column] = 1.0 / pivot
    for r in range(n_rows + 1):
        start = r * n_columns
        factor = work[start + column]
        if r == row:
            factor = 1.0
        if factor != 0.0:
            work[start + column] = 0.0
            for k in range(n_columns):
                work[start + k] += factor * work[scratch + k]


def read_solution(
    n_rows: int,
    n_columns: int,
    gain: Floats,
    bound: Floats,
    out_x: Floats,
    out_dual: Floats,
    work: Floats,
    work_index: Ints,
) -> float:
    """Write the variables and the duals of the tableau; return the value. O(columns + rows)."""
    values = (n_rows + 1) * n_columns
    for r in range(n_rows):
        out_dual[r] = 0.0
    for j in range(n_columns):
        variable = work_index[n_rows + j]
        if variable >= n_columns:
            out_dual[variable - n_columns] = max(-work[n_rows * n_columns + j], 0.0)
        else:
            out_x[variable] = 0.0
            if work_index[n_rows + n_columns + j] == 1:
                out_x[variable] = bound[variable]
    for r in range(n_rows):
        variable = work_index[r]
        if variable < n_columns:
            out_x[variable] = min(max(work[values + r], 0.0), bound[variable])
    value = 0.0
    for j in range(n_columns):
        value += gain[j] * out_x[j]
    return value


def simplex(
    n_rows: int,
    n_columns: int,
    rows: Floats,
    gain: Floats,
    bound: Floats,
    out_x: Floats,
    out_dual: Floats,
    work: Floats,
    work_index: Ints,
) -> tuple[int, float, int]:
    """Maximise ``gain . x`` subject to ``rows . x >= 0`` and ``0 <= x <= bound``.

    Parameters
    ----------
    rows
        The matrix, row by row, ``n_rows * n_columns`` finite elements of order 1.
    gain, bound
        By column; finite gains of order 1, bounds >= 0, `UNLIMITED` for none.
    out_x, out_dual
        The optimum by column and the duals by row, >= 0: ``gain_j + sum_r dual_r rows_rj`` is
        <= 0 where x_j is 0, >= 0 where it is at its bound, and 0 between. Not written unless
        OPTIMAL.
    work, work_index
        ``(n_rows + 2) * n_columns + 3 * n_rows`` and ``n_rows + 2 * n_columns`` elements.

    Returns ``(status, value, steps)``: OPTIMAL, UNBOUNDED (value inf) or STALLED (value nan, after
    ``100 + 20 * (n_rows + n_columns)`` steps). A step is O(n_rows * n_columns); about two steps
    a row are usual where the optimum is 0, five where it is not.

    Source: see the head of this module.

    >>> from array import array
    >>> rows, gain = array("d", [1.0, -1.0]), array("d", [-1.0, 1.5])
    >>> x, dual = array("d", [0.0, 0.0]), array("d", [0.0])
    >>> work, work_index = array("d", [0.0] * 9), array("l", [0] * 5)
    >>> simplex(1, 2, rows, gain, array("d", [5.0, 3.0]), x, dual, work, work_index)[:2]
    (0, 1.5)
    >>> list(x), list(dual)
    ([3.0, 3.0], [1.0])
    """
    start_tableau(n_rows, n_columns, rows, gain, work, work_index)
    values = (n_rows + 1) * n_columns
    flags = n_rows + n_columns
    max_steps = 100 + 20 * (n_rows + n_columns)
    steps = 0
    while True:
        column = entering_column(n_rows, n_columns, work, work_index)
        if column < 0:
            value = read_solution(n_rows, n_columns, gain, bound, out_x, out_dual, work, work_index)
            return OPTIMAL, value, steps
        if steps == max_steps:
            return STALLED, nan, steps
        steps += 1
        sign = 1.0 - 2.0 * work_index[flags + column]
        entering = work_index[n_rows + column]
        limit = UNLIMITED
        if entering < n_columns:
            limit = bound[entering]
        row, step, fine_step = leaving_row(n_rows, n_columns, column, sign, work)
        if row < 0 and limit >= UNLIMITED:
            return UNBOUNDED, inf, steps
        if row < 0 or limit < step or (limit == step and fine_step >= 0.0):
            move_basis(n_rows, n_columns, column, sign * limit, 0.0, work)
            work_index[flags + column] = 1 - work_index[flags + column]
            continue
        move_basis(n_rows, n_columns, column, sign * step, sign * fine_step, work)
        start = limit * work_index[flags + column]
        leaves_up = 0
        if sign * work[row * n_columns + column] > 0.0:
            leaves_up = 1
        exchange(n_rows, n_columns, row, column, work)
        work[values + row] = start + sign * step
        work[values + n_rows + row] = sign * fine_step
        work[values + 2 * n_rows + row] = limit
        work_index[n_rows + column] = work_index[row]
        work_index[flags + column] = leaves_up
        work_index[row] = entering
