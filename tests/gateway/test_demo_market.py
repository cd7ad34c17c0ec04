"""The moving demo market: nothing to earn between any two messages but what is planted."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable

import pytest

from engine.api import scan
from engine.backend import Backend
from engine.clock import NS_PER_SECOND
from engine.feeds.demo_listing import KINDS
from engine.feeds.demo_market import DemoMarket, Rates
from engine.feeds.demo_season import Plant
from engine.feeds.demo_symbol import DemoSymbol

# Every gate off: whatever pays anything, by any family, without fees, is found.
OPEN = {
    "max_spread": 9e9, "max_spread_fraction": 9.0, "max_spread_per_edge": 9e9, "min_days": 0.0,
    "max_days": 9e9, "min_edge": 0.0, "min_edge_usd": 0.0,
}  # fmt: skip


def scans_between_messages(
    seed: int, symbol: str, count: int, every: int, backend: Backend, seconds: int = 0
) -> tuple[int, Counter[str]]:
    """Scan after every `every`-th message until `count` scans or `seconds` are over."""
    found: Counter[str] = Counter()
    done = sent = 0

    def hear(_: int) -> None:
        nonlocal sent, done
        sent += 1
        if sent % every or done >= count:
            return
        done += 1
        survey = scan(
            market.chain(symbol), carry=market.carry(symbol), fees="free", gates=OPEN,
            top=5, backend=backend,
        )  # fmt: skip
        found.update(f"{one.family} {one.grade}" for one in survey.opportunities)

    market = DemoMarket(seed, [symbol], compact=True, planted=False)
    market.listener = hear
    start = market.now_ns
    while done < count and (not seconds or market.now_ns < start + seconds * NS_PER_SECOND):
        market.run_until(market.now_ns + NS_PER_SECOND)
    return done, found


@pytest.mark.parametrize("symbol", KINDS)
def test_no_instant_between_messages_has_an_arbitrage(symbol: str, backend: Backend) -> None:
    done, found = scans_between_messages(3, symbol, 15, 61, backend)
    assert (done, found) == (15, Counter())


@pytest.mark.long
@pytest.mark.parametrize("symbol", KINDS)
def test_no_instant_of_1500_between_messages_has_an_arbitrage(
    symbol: str, backend: Backend
) -> None:
    for seed in range(3):
        done, found = scans_between_messages(seed, symbol, 500, 37, backend)
        assert (done, found) == (500, Counter())


def spot_first(self: DemoSymbol, to: float) -> list[int]:
    """Move the stock and let every quote that it offends follow: the obvious order."""
    self.spot = to
    self.send_underlying()
    late = []
    for i, quote in enumerate(self.quotes):
        value, half = self.worth(i), quote.half
        offends = quote.bid > value - 0.25 * half or quote.ask < value + 0.25 * half
        if offends and not quote.is_following:
            quote.is_following = True
            late.append(i)
    return late


def test_the_obvious_order_of_messages_fails_the_same_check(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DemoSymbol, "move_within", spot_first)
    found: Counter[str] = Counter()
    for symbol in ("ZDIV", "ZGRO", "ZETF"):
        found += scans_between_messages(3, symbol, 15, 61, backend)[1]
    assert sum(found.values()) >= 5


def test_revaluation_and_sessions_open_no_arbitrage(backend: Backend) -> None:
    """A slow clock: hours and nights pass between few messages, series settle, stock goes ex."""
    for symbol in ("ZDIV", "ZIDX", "ZCOIN"):
        market = DemoMarket(
            5, [symbol], compact=True, planted=False, rates=Rates(pace=7_200.0, flicks=40.0)
        )
        first = len(market.chain(symbol).expiries)
        sent = [0]
        bad: Counter[str] = Counter()

        def hear(
            _: int, market: DemoMarket = market, sent: list[int] = sent,
            bad: Counter[str] = bad, symbol: str = symbol,
        ) -> None:  # fmt: skip
            sent[0] += 1
            if sent[0] % 397 == 0 and market.symbols[symbol].quotes:
                survey = scan(
                    market.chain(symbol), carry=market.carry(symbol), fees="free", gates=OPEN,
                    top=5, backend=backend,
                )  # fmt: skip
                bad.update(f"{one.family} {one.grade}" for one in survey.opportunities)

        market.listener = hear
        market.run_until(market.now_ns + 12 * 86_400 * NS_PER_SECOND)
        assert sent[0] > 1_000
        assert len(market.chain(symbol).expiries) < first
        assert bad == Counter()


def digest(seed: int, seconds: float, compact: bool = True) -> tuple[int, str]:
    sha = hashlib.sha256()

    def hear(i: int) -> None:
        q = market.quotes[i]
        sha.update(f"{market.now_ns} {i} {q.bid!r} {q.ask!r} {q.bid_size} {q.ask_size};".encode())

    market = DemoMarket(seed, compact=compact)
    market.listener = hear
    market.run_until(market.now_ns + int(seconds * NS_PER_SECOND))
    return market.sent, sha.hexdigest()[:16]


@pytest.mark.parametrize(
    ("seed", "expected"), [(0, (21478, "2632c44e64f7ac57")), (1, (22266, "6c5bf50170d5a2fd"))]
)
def test_the_updates_are_the_same_on_every_runtime(seed: int, expected: tuple[int, str]) -> None:
    assert digest(seed, 12.0) == expected


def test_every_family_and_both_decoys_appear_and_go_again() -> None:
    families: set[tuple[object, object]] = set()
    reasons: set[object] = set()
    ends: set[str] = set()
    for seed in range(2):
        rates = Rates(plant_every=1.0, plant_life=(0.5, 2.5), flicks=20.0)
        market = DemoMarket(seed, ["ZDIV", "ZETF", "ZIDX"], compact=True, rates=rates)

        def hear(plant: Plant) -> None:
            families.add((plant.label["kind"], plant.label["family"]))
            reasons.add(plant.label.get("reason"))
            ends.add(plant.state)

        market.season_listener = hear
        market.run_until(market.now_ns + 40 * NS_PER_SECOND)
    assert {family for kind, family in families if kind == "arbitrage"} >= {
        "conversion", "reversal", "collar", "reverse_collar", "intrinsic", "box", "vertical",
        "vertical_width", "butterfly", "calendar", "jelly_roll", "package",
    }  # fmt: skip
    assert reasons >= {None, "size", "crossed"}
    assert ends >= {"live", "expired", "withdrawn"}


def test_a_roll_is_planted_where_expiries_are_close() -> None:
    market = DemoMarket(1, ["ZDIV"], planted=False)
    found = [market.plant("ZDIV", "calendar_butterfly", lives=0.1) for _ in range(6)]
    assert any(plant is not None for plant in found)


def test_what_a_scan_finds_is_what_is_planted(backend: Backend) -> None:
    """Every find sells or buys a planted quote, and nearly every label is found with its edge."""
    labels = exact = 0
    missed: Counter[tuple[str, str]] = Counter()
    for seed in range(2):
        market = DemoMarket(seed, compact=True, rates=Rates(plant_every=2.0))
        for _ in range(4):
            market.run_until(market.now_ns + 2 * NS_PER_SECOND)
            for symbol in KINDS:
                plants = market.plants(symbol)
                survey = scan(
                    market.chain(symbol), carry=market.carry(symbol), top=200, backend=backend
                )
                causes = [plant.moved[-1] for plant in plants]
                found = survey.opportunities
                for one in found:
                    quotes = {(leg.right, leg.strike, leg.expiry) for leg in one.legs if leg.right}
                    expected = set()
                    for quote in causes:
                        assert quote.key is not None
                        e, strike, right = quote.key
                        day = market.symbols[symbol].whole.expiries[e].date
                        expected.add((right, strike, day))
                    assert quotes & expected, (seed, symbol, one)
                for plant in plants:
                    if plant.is_decoy:
                        continue
                    label = market.seasons[symbol].label(plant, market.now_ns)
                    labels += 1
                    edges = [one.edge for one in found if one.family == label["family"]]
                    is_found = any(abs(edge - label["edge"]) < 1e-6 for edge in edges)  # type: ignore[operator]
                    exact += is_found
                    if not is_found:
                        missed[str(label["family"]), symbol] += 1
    assert labels > 50
    assert exact > 0.85 * labels, (exact, labels, missed)


def test_a_planted_quote_that_is_taken_is_gone() -> None:
    market = DemoMarket(0, ["ZETF"], compact=True, planted=False)
    plant = market.plant("ZETF", "conversion", lives=100.0)
    assert plant is not None
    quote = plant.moved[-1]
    was_sold = dict(plant.package.legs)[plant.cause] < 0
    size = quote.bid_size if was_sold else quote.ask_size
    market.take(quote.index, -1 if was_sold else 1, 1.0)
    assert plant.state == "taken"
    assert market.plants("ZETF") == []
    symbol = market.symbols["ZETF"]
    value = symbol.worth(symbol.position[plant.cause])
    assert quote.bid <= value <= quote.ask
    assert size > 0.0


def test_a_used_up_level_moves_away_and_comes_back() -> None:
    market = DemoMarket(0, ["ZETF"], compact=True, planted=False, rates=Rates(flicks=1e-9))
    index = next(i.index for i in market.instruments if i.right == "C" and i.strike > 0.0)
    quote = market.quotes[index]
    before = quote.ask
    market.take(index, 1, quote.ask_size)
    assert quote.ask > before
    assert quote.ask_size > 0.0
    market.run_until(market.now_ns + 3 * NS_PER_SECOND)
    symbol = market.symbols["ZETF"]
    assert quote.key is not None
    value = symbol.worth(symbol.position[quote.key])
    assert abs(quote.ask - value) < 3.0 * quote.half + 0.02


def rate(run: Callable[[], DemoMarket]) -> float:
    from engine.clock import SYSTEM

    market = run()
    start, sent = SYSTEM.monotonic_ns(), market.sent
    market.run_until(market.now_ns + 20 * NS_PER_SECOND)
    return (market.sent - sent) / (SYSTEM.monotonic_ns() - start) * 1e9


def test_the_rate_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    updates = rate(lambda: DemoMarket(0, compact=True))
    with capsys.disabled():
        print(f"\ndemo market, compact: {updates:,.0f} updates a second")
    assert updates > 0.0
