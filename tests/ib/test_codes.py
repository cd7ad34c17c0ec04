"""The table of codes against the pages it was made from, written down again by hand."""

from __future__ import annotations

import pytest

from engine.gateway import errors
from engine.ib.codes import CODES, Kind, code_of

# What IB's pages and its clients' users say, group by group.
ORACLE = {
    Kind.INFORMATION: {492, 2100, 2108, 2119},
    Kind.ORDER_REFUSED: {110, 201, 382, 383, 387, 388, 434},
    Kind.ORDER_CANCELLED: {202},
    Kind.ORDER_HELD: {404},
    # 10349 comes with an order that lives: to take it for a cancel sends the order twice.
    Kind.ORDER_MESSAGE: {399, 10349, 2109, 2137, 2148},
    Kind.ORDER_UNKNOWN: {103, 104, 105, 135, 329},
    Kind.CANCEL_REFUSED: {136, 161, 10147, 10148},
    Kind.LINK_LOST: {1100, 2110},
    Kind.RESTORED_DATA_LOST: {1101},
    Kind.RESTORED: {1102},
    Kind.PORT_MOVED: {1300},
    Kind.CLIENT_IN_USE: {326},
    Kind.VERSION: {506},
    Kind.NOT_CONNECTED: {502, 504},
    Kind.FARM_BROKEN: {2103},
    Kind.FARM_OK: {2104},
    Kind.OTHER_FARM: {2105, 2106, 2107, 2157, 2158},
    Kind.COMPETING: {10197},
    Kind.PACING: {100},
    Kind.TOO_MANY_LINES: {101},
    Kind.NOT_SUBSCRIBED: {354, 10089, 10091, 10168},
    Kind.DELAYED: {10090, 10167},
    Kind.NO_CONTRACT: {200},
    Kind.REQUEST_REFUSED: {309, 320, 321, 322, 505},
    Kind.REQUEST_GONE: {300},
    Kind.HISTORY: {162, 165, 366},
}


def test_every_code_is_what_the_pages_say() -> None:
    found: dict[Kind, set[int]] = {}
    for number, code in CODES.items():
        assert code.number == number
        found.setdefault(code.kind, set()).add(number)
    assert found == ORACLE


def test_every_code_of_the_simulated_gateway_is_known() -> None:
    said = {v for name, v in vars(errors).items() if name.isupper() and isinstance(v, int)}
    assert len(said) > 20
    assert {number for number in said if code_of(number).kind is Kind.ASK} == set()


@pytest.mark.parametrize("number", [0, -1, 7, 203, 999, 2111, 10350, 2**31])
def test_an_unknown_code_is_to_be_asked_about(number: int) -> None:
    assert code_of(number).kind is Kind.ASK
    assert code_of(number).number == number


def test_no_code_that_a_live_order_may_get_ends_it() -> None:
    ends = {Kind.ORDER_REFUSED, Kind.ORDER_CANCELLED}
    for number in (399, 404, 10349, 103, 105, 161, 202 + 1, 2148):
        assert code_of(number).kind not in ends
