"""Deribit's own file against the normalised one made from it, and its parity figures."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from engine.backend import select
from engine.feeds.csv_file import CsvFeed
from engine.feeds.deribit import DeribitFeed
from engine.market.chain import OptionChain
from engine.scanner.many import scan_many
from engine.scanner.survey import Request

ROOT = Path(__file__).parents[3] / "shared" / "data"
RAW = ROOT / "deribit" / "eth_book_summary_20240108.csv"
NORMALISED = ROOT / "options_normalised" / "deribit_eth_20240108.csv.gz"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not ROOT.is_dir(), reason="../shared/data is not on this machine"),
]


@pytest.fixture(scope="module")
def chain() -> OptionChain:
    (loaded,) = DeribitFeed(RAW).chains("ETH")
    assert loaded.problems == ()
    return loaded.chain


def test_every_quote_of_the_file_is_in_the_chain(chain: OptionChain) -> None:
    months = {"JAN": 1, "FEB": 2, "MAR": 3, "JUN": 6, "SEP": 9, "DEC": 12}
    index = {
        (chain.expiries[chain.expiry_of(row)].date, chain.strike[row]): row
        for row in range(chain.n_rows)
    }
    with RAW.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2 * chain.n_rows == 684
    for row in rows:
        # The columns of the download beside the instrument's name say the same: an own check.
        day = next(d for d, _ in index if f"{d.day}" == row["expire_date"][:-5]
                   and d.month == months[row["expire_date"][-5:-2]])  # fmt: skip
        quote = chain.quote_index(index[day, float(row["strike_price"])], row["option_type"])
        assert chain.bid[quote] == float(row["bid_price"] or 0)
        assert chain.ask[quote] == float(row["ask_price"] or 0)
        assert chain.open_interest[quote] == float(row["open_interest"])


def test_both_files_give_one_chain(chain: OptionChain) -> None:
    (loaded,) = CsvFeed(NORMALISED).chains("ETH")
    other = loaded.chain
    assert loaded.problems == ()
    for name in ("expiries", "first", "strike", "bid", "ask", "quoting", "multiplier"):
        assert getattr(other, name) == getattr(chain, name)
    assert other.ts_ns == chain.ts_ns
    assert list(other.forward_bid) == pytest.approx(list(chain.forward_bid), abs=1e-9)
    assert list(other.forward_ask) == pytest.approx(list(chain.forward_ask), abs=1e-9)
    assert list(other.bid_age) == pytest.approx(list(chain.bid_age), abs=1e-9)
    assert chain.source.endswith("(forwards: 3 synthetic, 8 at mark)")


def test_parity_in_coin_leaves_nothing_before_fees(chain: OptionChain) -> None:
    pairs, executable = 0, 0
    for row in range(chain.n_rows):
        put = chain.n_rows + row
        sides = (chain.bid[row], chain.ask[row], chain.bid[put], chain.ask[put])
        if min(sides) <= 0.0 or sides[0] > sides[1] or sides[2] > sides[3]:
            continue
        pairs += 1
        expiry = chain.expiry_of(row)
        low = 1.0 - chain.strike[row] / chain.forward_bid[expiry]
        high = 1.0 - chain.strike[row] / chain.forward_ask[expiry]
        executable += sides[0] - sides[3] - high > 1e-9 or low - sides[1] + sides[2] > 1e-9
    assert (pairs, executable) == (81, 0)


def test_both_files_are_scanned_at_the_same_rates() -> None:
    """None, from either: at the dollar's the same quotes make 28 candidates."""
    sources = (f"deribit:{RAW}", f"csv:{NORMALISED}")
    found = [scan_many(Request(source=source), select("pure")).scans for source in sources]
    for (scan,) in found:
        assert scan.settings.carry.lend.rates == scan.settings.carry.borrow.rates == (0.0,)
        assert scan.settings.carry.as_of_ns == scan.result.chain.ts_ns
        assert scan.result.funnel.candidates == 0
