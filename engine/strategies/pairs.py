"""Two strikes of one expiry: boxes, collars, verticals."""

from __future__ import annotations

from array import array

from engine.strategies.candidates import BORROW, HIGH, LOW, CandidateTable, Template
from engine.strategies.view import Hits, View, all_hits

BOX_LONG = Template("box", ((LOW, "C", 1), (HIGH, "C", -1), (HIGH, "P", 1), (LOW, "P", -1)))
BOX_SHORT = Template("box", ((LOW, "C", -1), (HIGH, "C", 1), (HIGH, "P", -1), (LOW, "P", 1)))
COLLAR = Template("collar", ((LOW, "P", 1), (HIGH, "C", -1)), stock=1)
REVERSE_COLLAR = Template(
    "reverse_collar", ((HIGH, "C", 1), (LOW, "P", -1)), stock=-1, condition=BORROW
)
VERTICAL_CALL = Template("vertical", ((LOW, "C", 1), (HIGH, "C", -1)))
VERTICAL_PUT = Template("vertical", ((HIGH, "P", 1), (LOW, "P", -1)))
WIDTH_CALL = Template("vertical_width", ((LOW, "C", -1), (HIGH, "C", 1)))
WIDTH_PUT = Template("vertical_width", ((HIGH, "P", -1), (LOW, "P", 1)))


def find_boxes(view: View, table: CandidateTable) -> None:
    """Add every box of every pair of strikes; an American short box is refused."""
    chain, terms, kernels = view.chain, view.terms, view.backend.pairs
    low, high = view.rows("low"), view.rows("high")
    kernels.box_long_columns(
        chain.first, chain.strike, view.receive, view.pay, terms.width_receive, terms.late_call,
        terms.night, low, high,
    )  # fmt: skip
    _add_pairs(view, table, BOX_LONG)
    if chain.is_european:
        kernels.box_short_columns(
            chain.first, chain.strike, view.receive, view.pay, terms.lend, low, high
        )
        _add_pairs(view, table, BOX_SHORT)


def find_collars(view: View, table: CandidateTable) -> None:
    """Add every collar on long stock that cannot lose."""
    collar_columns(view)
    _add_pairs(view, table, COLLAR, ends_early=True)


def collar_columns(view: View) -> tuple[array[float], ...]:
    """Write and return what collars are worth by row: low, high, and both if called early."""
    chain, terms = view.chain, view.terms
    columns = _columns(view)
    view.backend.pairs.collar_columns(
        chain.first, chain.strike, view.receive, view.pay, terms.stock_pay, terms.borrow,
        terms.div_in, terms.hold.first, terms.hold.discount, terms.hold.value, *columns,
    )  # fmt: skip
    return columns


def find_reverse_collars(view: View, table: CandidateTable) -> None:
    """Add every collar on short stock that cannot lose."""
    reverse_collar_columns(view)
    _add_pairs(view, table, REVERSE_COLLAR, ends_early=True)


def reverse_collar_columns(view: View) -> tuple[array[float], ...]:
    """Write and return what reverse collars are worth by row, like `collar_columns`."""
    chain, terms = view.chain, view.terms
    columns = _columns(view)
    view.backend.pairs.reverse_collar_columns(
        chain.first, chain.strike, view.receive, view.pay, terms.stock_receive, terms.lend,
        terms.div_out, terms.stock_borrow, terms.owe.first, terms.owe.discount, terms.owe.value,
        *columns,
    )  # fmt: skip
    return columns


def find_verticals(view: View, table: CandidateTable) -> None:
    """Add every vertical sold for a credit that can only bring more."""
    chain, terms, kernels = view.chain, view.terms, view.backend.verticals
    columns, is_american = _columns(view), not chain.is_european
    for template, shift, write, late in (
        (VERTICAL_CALL, 0, kernels.vertical_call_columns, terms.late_call),
        (VERTICAL_PUT, chain.n_rows, kernels.vertical_put_columns, terms.night),
    ):
        first = chain.first
        if not table.wants_near:
            if not view.uncovered(shift):
                continue
            first = view.around(shift)
        write(
            first, chain.strike, view.receive, view.pay, terms.width_receive, late, *columns
        )  # fmt: skip
        _add_pairs(view, table, template, ends_early=is_american, first=first)


def find_vertical_widths(view: View, table: CandidateTable) -> None:
    """Add every vertical sold for more than its width."""
    chain, terms, kernels = view.chain, view.terms, view.backend.verticals
    low, high, discount = view.rows("low"), view.rows("high"), view.terms.width_pay
    kernels.width_call_columns(
        chain.first, chain.strike, view.receive, view.pay, discount, terms.late_call, low, high
    )
    _add_pairs(view, table, WIDTH_CALL)
    kernels.width_put_columns(
        chain.first, chain.strike, view.receive, view.pay, discount, terms.night, low, high
    )
    _add_pairs(view, table, WIDTH_PUT)


def _columns(view: View) -> tuple[array[float], ...]:
    names = ("low", "high", "low early", "high early")
    return tuple(view.rows(name) for name in names)


def _add_pairs(
    view: View,
    table: CandidateTable,
    template: Template,
    *,
    ends_early: bool = False,
    first: array[int] | None = None,
) -> None:
    """Search the pairs of the columns just written, for the expiries in `first` only."""
    low, high = view.rows("low"), view.rows("high")
    low_early = view.rows("low early") if ends_early else low
    high_early = view.rows("high early") if ends_early else high
    starts = first or view.chain.first

    def search(hits: Hits) -> tuple[int, ...]:
        answer: tuple[int, ...] = view.backend.pairs.pair_hits(
            starts, low, high, low_early, high_early, view.floor, hits.low, hits.high, hits.edge
        )
        return answer

    hits, (count, i, j, _) = all_hits(view, search)
    if count:
        table.add(template, count, hits.low, hits.low, hits.high, hits.edge, view.condition)
    elif i >= 0 and j >= 0:
        edge = min(low[i] + high[j], low_early[i] + high_early[j])
        table.add_near(template, i, i, j, edge)
