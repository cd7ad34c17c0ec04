"""Fills at the touch against optopsy's: the same rows, every structure that both have.

optopsy pairs an entry row with an exit row of another day; ``slippage="spread"`` buys at the ask
and sells at the bid. Its default is the middle.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest

pd = pytest.importorskip("pandas", reason="the leg `anchors` installs pandas")
optopsy = pytest.importorskip("optopsy", reason="the leg `anchors` installs optopsy")

from engine.backtesting.options.run import run  # noqa: E402
from engine.backtesting.options.terms import NO_MARGIN, Terms  # noqa: E402
from engine.market.calendar import US  # noqa: E402
from engine.market.chain import OptionChain  # noqa: E402
from engine.market.combo import Combo  # noqa: E402
from engine.market.fees import FREE  # noqa: E402
from tests.options.markets import (  # noqa: E402
    MONDAY,
    Script,
    at,
    chain_at,
    combo,
    later,
    option,
    recording,
)

EXPIRY, LATER = later(18), later(7)
STRIKES = (80.0, 85.0, 90.0, 92.0, 95.0, 100.0, 105.0, 108.0, 110.0, 115.0)
CHAINS = [
    chain_at(at(day), spot, [EXPIRY], strikes=STRIKES, vol=0.80, half=0.07)
    for day, spot in ((MONDAY, 100.0), (LATER, 103.0))
]
# Ratios of optopsy's legs in its order.
STRUCTURES = {
    "long_calls": (1,), "short_puts": (-1,), "long_call_spread": (1, -1),
    "short_put_spread": (1, -1), "long_straddles": (1, 1), "short_strangles": (-1, -1),
    "long_call_butterfly": (1, -2, 1), "iron_condor": (1, -1, -1, 1),
}  # fmt: skip


def frame(chains: list[OptionChain]) -> Any:
    rows = []
    for chain in chains:
        day = pd.Timestamp(US.session_date(chain.ts_ns)).as_unit("ns")
        for row in range(chain.n_rows):
            for right in "CP":
                q = chain.quote_index(row, right)
                rows.append({
                    "underlying_symbol": "XYZ", "underlying_price": chain.underlying.mid,
                    "option_type": right.lower(), "quote_date": day,
                    "expiration": pd.Timestamp(EXPIRY).as_unit("ns"),
                    "strike": chain.strike[row], "bid": chain.bid[q], "ask": chain.ask[q],
                })  # fmt: skip
    return pd.DataFrame(rows)


def combos(name: str, row: dict[str, Any]) -> Combo:
    ratios = STRUCTURES[name]
    legs = []
    for k, ratio in enumerate(ratios, 1):
        right = row.get(f"option_type_leg{k}", row.get("option_type"))
        strike = row.get(f"strike_leg{k}", row.get("strike"))
        legs.append((ratio, option(EXPIRY, right.upper(), float(strike))))
    return combo(*legs)


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("slippage", ["spread", "mid"])
def test_every_package_of_optopsy_has_our_prices(name: str, slippage: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = getattr(optopsy, name)(
            frame(CHAINS), raw=True, exit_dte=11, slippage=slippage, max_otm_pct=0.9,
            otm_pct_interval=0.01, min_bid_ask=0.01,
        )  # fmt: skip
    rows = found.to_dict("records")
    assert len(rows) >= 2
    wanted = [(combos(name, row), 1) for row in rows]
    terms = Terms(fees=FREE, margin=NO_MARGIN, cash=1e9)
    # The sizes shown are for all of them together.
    deep = [
        chain_at(at(day), spot, [EXPIRY], strikes=STRIKES, vol=0.80, half=0.07, size=1e6)
        for day, spot in ((MONDAY, 100.0), (LATER, 103.0))
    ]
    leaves = {1: list(range(1, len(rows) + 1))}
    result = run(lambda: Script({0: wanted}, leaves), recording(deep), terms)
    assert len(result.account.trades) == len(rows)
    side = -1.0 if name in ("short_puts",) else 1.0
    for row, one in zip(rows, result.packages, strict=True):
        entry = row["entry"] if "entry" in row else row["total_entry_cost"]
        leave = row["exit"] if "exit" in row else row["total_exit_proceeds"]
        gain = side * (leave - entry)
        if slippage == "spread":
            assert one.price == pytest.approx(side * entry, abs=1e-9)
            assert one.gain == pytest.approx(100.0 * gain, abs=1e-7)
        else:
            assert one.mid_gain == pytest.approx(100.0 * gain, abs=1e-7)
