from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from engine.config import DEFAULT_FAMILIES
from engine.errors import NoInputError
from engine.feeds import open_feed
from engine.feeds.demo import DemoFeed
from engine.feeds.demo_choice import UNPLANTED
from engine.feeds.demo_listing import AS_OF_NS
from engine.feeds.protocol import Loaded
from engine.market.chain import AMERICAN, COIN, EUROPEAN, INDEX, OptionChain
from engine.market.combo import OPTION, STOCK, Leg
from engine.market.fees import FeeSchedule
from engine.market.quoting import IN_COIN
from engine.proof.verifier import verify

SYMBOLS = ("ZCOIN", "ZDIV", "ZETF", "ZGRO", "ZHTB", "ZIDX")
# Written down once: a change here changes every demo ever shown. Quotes are on ticks, so every
# runtime and platform must agree.
DIGEST_OF_SEED_0 = "1d2165c2b3c463b6bcfa44c61573cb18c4e58e10d74e706f9cf8fc0990fc3a20"


@pytest.fixture(scope="module")
def exchange() -> dict[str, Loaded]:
    feed = DemoFeed()
    return {symbol: next(iter(feed.chains(symbol))) for symbol in feed.symbols()}


def digest(chains: list[OptionChain]) -> str:
    state = hashlib.sha256()
    for chain in chains:
        columns = (
            chain.strike, chain.bid, chain.ask, chain.bid_size, chain.ask_size,
            chain.bid_age, chain.ask_age, chain.forward_bid, chain.forward_ask,
        )  # fmt: skip
        for column in columns:
            state.update(" ".join(map(repr, column)).encode())
        state.update(repr([(x.date, x.settles_ns, x.settlement) for x in chain.expiries]).encode())
        state.update(repr(chain.underlying).encode())
    return state.hexdigest()


def arbitrages(loaded: Loaded) -> list[Mapping[str, Any]]:
    return [label for label in loaded.labels if label["kind"] == "arbitrage"]


def decoys(loaded: Loaded, *reasons: str) -> list[Mapping[str, Any]]:
    return [label for label in loaded.labels if label.get("reason") in reasons]


def index_of(chain: OptionChain, leg: Mapping[str, Any]) -> int:
    (row,) = (
        row
        for row in range(chain.n_rows)
        if chain.strike[row] == leg["strike"]
        and chain.expiries[chain.expiry_of(row)].date.isoformat() == leg["expiry"]
    )
    return chain.quote_index(row, leg["right"])


def test_the_seed_decides_everything_on_every_runtime(exchange: dict[str, Loaded]) -> None:
    chains = [exchange[symbol].chain for symbol in SYMBOLS]
    assert digest(chains) == DIGEST_OF_SEED_0
    again = [next(DemoFeed(0).chains(symbol)).chain for symbol in reversed(SYMBOLS)]
    assert digest(again[::-1]) == DIGEST_OF_SEED_0
    assert digest([next(DemoFeed(1).chains(symbol)).chain for symbol in SYMBOLS]) != digest(chains)


def test_symbols_are_sorted_and_checked() -> None:
    assert DemoFeed().symbols() == SYMBOLS
    assert DemoFeed(symbols=["ZIDX", "ZDIV"]).symbols() == ("ZDIV", "ZIDX")
    with pytest.raises(NoInputError, match="did you mean 'ZDIV'"):
        DemoFeed(symbols=["ZDVI"])
    with pytest.raises(NoInputError, match="no 'AAPL'"):
        next(DemoFeed().chains("AAPL"))


def test_it_opens_as_the_demo_source() -> None:
    feed = open_feed("demo", seed=3)
    assert feed.symbols() == SYMBOLS
    assert next(feed.chains("ZETF")).labels == next(DemoFeed(3).chains("ZETF")).labels


def test_the_six_underlyings_differ_as_they_should(exchange: dict[str, Loaded]) -> None:
    kinds = {s: (x.chain.style, x.chain.underlying.kind) for s, x in exchange.items()}
    assert kinds["ZIDX"] == (EUROPEAN, INDEX)
    assert kinds["ZCOIN"] == (EUROPEAN, COIN)
    assert kinds["ZETF"] == (EUROPEAN, "equity")
    assert {kinds[s] for s in ("ZDIV", "ZGRO", "ZHTB")} == {(AMERICAN, "equity")}
    carry = {s: x.carry for s, x in exchange.items()}
    assert all(x.carry is not None and not x.problems for x in exchange.values())
    dividends = [d.status for d in carry["ZDIV"].dividends]  # type: ignore[union-attr]
    assert dividends == ["declared"] + ["projected"] * 4
    assert carry["ZHTB"].borrow_fee > 0.1 > carry["ZGRO"].borrow_fee  # type: ignore[union-attr]
    assert exchange["ZCOIN"].chain.quoting == IN_COIN
    assert len(exchange["ZCOIN"].chain.forward_bid) == 13


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_chain_is_as_large_and_as_near_as_promised(
    exchange: dict[str, Loaded], symbol: str
) -> None:
    chain = exchange[symbol].chain
    assert chain.ts_ns == AS_OF_NS
    assert len(chain.expiries) == 13
    assert all(1.0 <= 365.0 * chain.tau(e) <= 400.0 for e in range(13))
    assert all(25 <= len(chain.rows(e)) <= 41 for e in range(13))
    spot = chain.underlying
    assert 0.0 < spot.bid < spot.ask
    for e in range(13):
        strikes = [chain.strike[row] for row in chain.rows(e)]
        assert strikes[2] < spot.bid < strikes[-3]


def test_holidays_and_morning_settlement_are_among_the_expiries(
    exchange: dict[str, Loaded],
) -> None:
    days = [expiry.date for expiry in exchange["ZDIV"].chain.expiries]
    assert date(2026, 4, 2) in days  # Good Friday is the third
    assert date(2026, 6, 18) in days  # Juneteenth is the nineteenth
    settlements = {x.date: (x.settlement, x.trading_class) for x in exchange["ZIDX"].chain.expiries}
    assert settlements[date(2026, 3, 20)] == ("AM", "ZIDX")
    assert settlements[date(2026, 3, 27)] == ("PM", "ZIDXW")


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_quotes_are_on_ticks_with_sizes_and_ages(exchange: dict[str, Loaded], symbol: str) -> None:
    loaded = exchange[symbol]
    chain = loaded.chain
    bad = {index_of(chain, label["cause"]) for label in decoys(loaded, "age", "size", "crossed")}
    assert len(bad) == 3
    for q in range(2 * chain.n_rows):
        for price in (chain.bid[q], chain.ask[q]):
            steps = price / chain.tick
            assert math.isclose(steps, round(steps), abs_tol=1e-6)
        assert chain.ask[q] >= chain.tick
        if q not in bad:
            assert chain.bid[q] <= chain.ask[q]
            assert 0.0 < chain.bid_age[q] < 1.1
            assert 0.0 < chain.ask_age[q] < 1.1
            assert chain.ask_size[q] >= 1.0
            assert (chain.bid_size[q] >= 1.0) == (chain.bid[q] > 0.0)
    assert any(bid == 0.0 for bid in chain.bid), "some option is worth nothing to a buyer"


def test_all_families_are_planted_whatever_the_seed() -> None:
    wanted = set(DEFAULT_FAMILIES) - set(UNPLANTED)
    for seed in (0, 1, 6):
        feed = DemoFeed(seed)
        planted = {
            label["family"]
            for symbol in feed.symbols()
            for loaded in feed.chains(symbol)
            for label in arbitrages(loaded)
        }
        assert planted == wanted


def test_every_sort_of_decoy_is_there(exchange: dict[str, Loaded]) -> None:
    reasons = {str(x.get("reason")) for loaded in exchange.values() for x in loaded.labels}
    assert reasons >= {"age", "size", "crossed", "CARRY", "dividend", "borrow"}
    assert {"CARRY", "dividend"} <= {str(x.get("reason")) for x in exchange["ZDIV"].labels}
    assert "borrow" in {str(x.get("reason")) for x in exchange["ZHTB"].labels}


def test_decoys_are_what_they_are_labelled(exchange: dict[str, Loaded]) -> None:
    for loaded in exchange.values():
        chain = loaded.chain
        for label in decoys(loaded, "age", "size", "crossed", "CARRY", "dividend", "borrow"):
            q = index_of(chain, label["cause"])
            is_bid = label["cause"]["side"] == "bid"
            reason = label["reason"]
            assert label["seeming"] > 0.0
            if reason == "age":
                assert min(chain.bid_age[q], chain.ask_age[q]) > 2.0
            elif reason == "size":
                assert (chain.bid_size if is_bid else chain.ask_size)[q] == 0.0
            elif reason == "crossed":
                assert chain.bid[q] > chain.ask[q]
            else:
                assert label["edge"] < 0.0


def test_no_contract_serves_two_labels(exchange: dict[str, Loaded]) -> None:
    for loaded in exchange.values():
        seen: set[int] = set()
        causes = [index_of(loaded.chain, label["cause"]) for label in loaded.labels]
        assert len(causes) == len(set(causes))
        for label in loaded.labels:
            if label["family"] in ("butterfly", "calendar", "calendar_butterfly"):
                continue  # their longs are the cheapest there are, wherever that is
            legs = {index_of(loaded.chain, x) for x in label["legs"] if x["kind"] == OPTION}
            assert not legs & seen
            seen |= legs


def legs_of(loaded: Loaded, label: Mapping[str, Any]) -> tuple[Leg, ...]:
    chain, fees = loaded.chain, FeeSchedule()
    spot = chain.underlying
    legs = []
    for leg in label["legs"]:
        side, ratio = leg["side"], leg["ratio"]
        if leg["kind"] == STOCK:
            price = spot.ask if side > 0 else spot.bid
            fee = fees.stock_fee(price)
            legs.append(Leg(STOCK, side, ratio, price, fee, bid=spot.bid, ask=spot.ask))
            continue
        q = index_of(chain, leg)
        price = chain.ask[q] if side > 0 else chain.bid[q]
        fee = fees.option_fee(price, chain.multiplier)
        expiry = chain.expiries[chain.expiry_of(chain.row_of(q))]
        where = (leg["right"], leg["strike"], expiry.date, expiry.settles_ns)
        sides = (chain.bid[q], chain.ask[q])
        legs.append(Leg(OPTION, side, ratio, price, fee, *where, *sides, quote=q))
    return tuple(legs)


@pytest.mark.parametrize("symbol", ["ZDIV", "ZETF", "ZGRO", "ZHTB", "ZIDX"])
def test_the_verifier_finds_no_state_below_a_labels_edge(symbol: str) -> None:
    for seed in range(12):
        (loaded,) = DemoFeed(seed, [symbol], compact=True).chains(symbol)
        assert loaded.carry is not None
        for label in arbitrages(loaded):
            legs = legs_of(loaded, label)
            ratios = [leg["ratio"] for leg in label["legs"] if leg["side"] < 0]
            unit = max(ratios, default=1) if label["family"].endswith("butterfly") else 1
            proof = verify(loaded.chain, legs, unit, loaded.carry, count_projected=False)
            assert label["edge"] > 0.0
            assert proof.minimum >= label["edge"] - 1e-9, (seed, label)
