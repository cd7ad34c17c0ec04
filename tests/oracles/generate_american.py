"""Write american.csv: American prices from QuantLib, and the errors of our kernels against them.

The references are QuantLib's: the spectral method at its high precision (kind ``one boundary``),
the Leisen-Reimer tree of 10 001 steps (``two boundaries``: the spectral method has no such puts),
and finite differences on the escrowed spot, extrapolated from 600 and 1 200 steps
(``dividends``). The errors, absolute and per 100 of spot, are of `american_price` with the rule
(8, 12, 24) and 8 rounds and of `american_lattice` at 100, 500 and 8 000 steps. Run
``PYTHONPATH=. python tests/oracles/generate_american.py`` (CPython with QuantLib and Numba).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import QuantLib as ql

from engine.backend import select
from tests.kernels.americans import Fast, columns, on_lattice

SEED = 20261121
TODAY = ql.Date(1, 1, 2024)
ERRORS = "fast_error,lattice_100_error,lattice_500_error,lattice_8000_error"
Contract = tuple[float, float, int, float, float, float, int]


def reference(kind: str, contract: Contract, dividends: list[tuple[int, float]]) -> float:
    spot, strike, days, rate, div, vol, right = contract
    count = ql.Actual365Fixed()
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(spot)),
        ql.YieldTermStructureHandle(ql.FlatForward(TODAY, div, count)),
        ql.YieldTermStructureHandle(ql.FlatForward(TODAY, rate, count)),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(TODAY, ql.NullCalendar(), vol, count)),
    )
    side = ql.Option.Call if right > 0 else ql.Option.Put
    option = ql.VanillaOption(
        ql.PlainVanillaPayoff(side, strike), ql.AmericanExercise(TODAY, TODAY + days)
    )

    def value(engine: object) -> float:
        option.setPricingEngine(engine)
        return float(option.NPV())

    if kind == "one boundary":
        scheme = ql.QdFpAmericanEngine.highPrecisionScheme()
        return value(ql.QdFpAmericanEngine(process, scheme))
    if kind == "two boundaries":
        return value(ql.BinomialVanillaEngine(process, "lr", 10_001))
    paid = ql.DividendVector([TODAY + day for day, _ in dividends], [d for _, d in dividends])
    coarse, fine = (
        value(
            ql.FdBlackScholesVanillaEngine(
                process, paid, n, n, 0, ql.FdmSchemeDesc.TrBDF2(), False, -1.0,
                ql.FdBlackScholesVanillaEngine.Escrowed,
            )
        )
        for n in (600, 1_200)
    )  # fmt: skip
    return 2.0 * fine - coarse


def contracts(draw: random.Random) -> Iterator[tuple[str, Contract, list[tuple[int, float]]]]:
    for days in (2, 7, 30, 91, 182, 365, 730, 1825):
        for vol in (0.08, 0.15, 0.25, 0.4, 0.8):
            for k in range(6):
                strike = 100.0 * draw.choice((0.75, 0.85, 0.93, 1.0, 1.05, 1.1, 1.2, 1.4))
                rate, div = draw.choice(
                    ((0.05, 0.0), (0.02, 0.06), (0.08, 0.03), (0.03, 0.03), (0.04, -0.01),
                     (0.01, 0.0), (-0.005, 0.02), (0.1, 0.0), (0.0, 0.04), (0.12, 0.05))
                )  # fmt: skip
                right = 1 if rate < div or (rate == div and k % 2) else -1
                yield "one boundary", (100.0, strike, days, rate, div, vol, right), []
    for _ in range(16):
        vol, days = draw.choice((0.06, 0.1, 0.15)), draw.choice((182, 365, 730))
        near, far = draw.choice(((-0.01, -0.04), (-0.02, -0.05), (-0.005, -0.03)))
        right = draw.choice((1, -1))
        rate, div = (near, far) if right < 0 else (far, near)
        strike = draw.choice((95.0, 100.0, 105.0))
        yield "two boundaries", (100.0, strike, days, rate, div, vol, right), []
    for _ in range(24):
        days = draw.choice((91, 182, 365))
        first = draw.randrange(5, 80)
        amount = draw.choice((0.5, 1.0, 2.0))
        paid = [(day, amount) for day in range(first, days, 91)]
        rate, right = draw.choice((0.01, 0.03, 0.05)), draw.choice((1, -1))
        strike = draw.choice((85.0, 95.0, 100.0, 110.0))
        yield (
            "dividends",
            (100.0, strike, days, rate, 0.0, draw.choice((0.15, 0.3, 0.5)), right),
            paid,
        )


def main() -> None:
    ql.Settings.instance().evaluationDate = TODAY
    backend = select("numba")
    fast = Fast(backend, 8, 12, 24, 8)
    lines = [f"kind,spot,strike,days,rate,div,vol,right,dividends,price,{ERRORS}"]
    for kind, contract, paid in contracts(random.Random(SEED)):
        price = reference(kind, contract, paid)
        spot, strike, days, *rest = contract
        option = (spot, strike, days / 365.0, *rest)
        dated = columns([day / 365.0 for day, _ in paid], [amount for _, amount in paid])
        found = [fast(*option)[0] if kind == "one boundary" else price]
        found += [on_lattice(backend, option, n, *dated)[0] for n in (100, 500, 8_000)]
        text = ";".join(f"{day}:{amount}" for day, amount in paid)
        errors = ",".join(f"{abs(value - price):.2e}" for value in found)
        lines.append(f"{kind},{','.join(map(repr, contract))},{text},{price!r},{errors}")
    Path(__file__).with_name("american.csv").write_text("\n".join(lines) + "\n", encoding="ascii")
    print(f"{len(lines) - 1} rows")


if __name__ == "__main__":
    main()
