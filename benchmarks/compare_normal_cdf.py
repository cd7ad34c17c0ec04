"""Which normal distribution: Cody's, two rational tails, or the library's ``erfc``.

``python benchmarks/compare_normal_cdf.py`` from the root, on each runtime: prints the largest
errors against ``tests/oracles/normal.csv`` and ``prices.csv`` (40 digits) and the least time of a
value. docs/adr/0002-normal-cdf.md quotes 0002-normal-cdf.txt beside it, which is what it printed
on CPython and on PyPy. Where Numba is installed it is timed too.
"""

from __future__ import annotations

import os
import platform
import random
import sys
import time
from array import array
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from math import erfc, exp, log, sqrt
from pathlib import Path
from types import ModuleType
from typing import Any

if __name__ == "__main__":
    # A script finds its own folder, not the package that it belongs to.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.measure.runtimes import machine
from kernels_pure import normal
from kernels_pure.columns import Floats
from tests.oracles.tables import EPS, numbers, read

ROWS = 20_000
# A loop over more takes an interpreter so long that another process always comes between.
FEW_ROWS = 500
SECONDS = 4.0

# The tail of degrees 9 and 10: python -m tests.oracles.fit_scaled_tail 9 10
SHORT_TOP = (
    0.4999999999999998,
    0.8023826541155531,
    0.6346170664443753,
    0.3187733878135028,
    0.1111251578040217,
    0.027793561634239194,
    0.004991605789847705,
    0.000623614497426299,
    4.964645348466412e-05,
    1.9546306310994494e-06,
)
SHORT_LOW = (
    1.0,
    2.4026498690338993,
    2.686271368408069,
    1.8455178123323994,
    0.8656372125412577,
    0.290812671095424,
    0.07122149813781818,
    0.01263654541236862,
    0.001568069264126932,
    0.00012444520403980696,
    4.899532406373718e-06,
)
LONG_TOP = tuple(getattr(normal, f"A{k}") for k in range(11))
LONG_LOW = (1.0, *(getattr(normal, f"B{k}") for k in range(1, 12)))


def erfc_cdf(x: float) -> float:
    """Return N(x) by the library."""
    return 0.5 * erfc(-x * 0.7071067811865476)


def nested(coefficients: Sequence[float]) -> str:
    """Return a polynomial in y as Python, with its coefficients written in."""
    text = repr(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        text = f"({text}) * y + {coefficient!r}"
    return text


def tail_cdf(name: str, top: Sequence[float], low: Sequence[float]) -> Callable[[float], float]:
    """Return N(x) by a rational tail, even and odd powers apart, as the kernel does it."""
    source = f"""
def {name}(x):
    u = abs(x)
    y = u * u
    top = {nested(top[0::2])} + u * ({nested(top[1::2])})
    low = {nested(low[0::2])} + u * ({nested(low[1::2])})
    tail = exp(-0.5 * y) * (top / low)
    if x > 0.0:
        return 1.0 - tail
    return tail
"""
    function: Callable[[float], float] = made(source, name, exp=exp)
    return function


def made(source: str, name: str, **names: object) -> Any:
    """Return a function made from source, in a module of its own as PyPy wants globals to be."""
    module = ModuleType(name)
    vars(module).update(names)
    exec(compile(source, name, "exec"), vars(module))
    return getattr(module, name)


def cody_cdf(x: float) -> float:
    """Return N(x) by Cody 1969, as in ANORM of SPECFUN: three ranges, two exponentials."""
    y = abs(x)
    if y <= 0.67448975:
        z = y * y
        top = 6.5682337918207449113e-2 * z
        low = z
        top = (top + 2.2352520354606839287) * z
        low = (low + 4.7202581904688241870e1) * z
        top = (top + 1.6102823106855587881e2) * z
        low = (low + 9.7609855173777669322e2) * z
        top = (top + 1.0676894854603709582e3) * z
        low = (low + 1.0260932208618978205e4) * z
        return 0.5 + x * (top + 1.8154981253343561249e4) / (low + 4.5507789335026729956e4)
    if y <= 5.656854249492380195:
        top = 1.0765576773720192317e-8 * y
        low = y
        top = (top + 3.9894151208813466764e-1) * y
        low = (low + 2.2266688044328115691e1) * y
        top = (top + 8.8831497943883759412) * y
        low = (low + 2.3538790178262499861e2) * y
        top = (top + 9.3506656132177855979e1) * y
        low = (low + 1.5193775994075548050e3) * y
        top = (top + 5.9727027639480026226e2) * y
        low = (low + 6.4855582982667607550e3) * y
        top = (top + 2.4945375852903726711e3) * y
        low = (low + 1.8615571640885098091e4) * y
        top = (top + 6.8481904505362823326e3) * y
        low = (low + 3.4900952721145977266e4) * y
        top = (top + 1.1602651437647350124e4) * y
        low = (low + 3.8912003286093271411e4) * y
        tail = (top + 9.8427148383839780218e3) / (low + 1.9685429676859990727e4)
    else:
        z = 1.0 / (y * y)
        top = 2.307344176494017303e-2 * z
        low = z
        top = (top + 2.1589853405795699e-1) * z
        low = (low + 1.28426009614491121) * z
        top = (top + 1.274011611602473639e-1) * z
        low = (low + 4.68238212480865118e-1) * z
        top = (top + 2.2235277870649807e-2) * z
        low = (low + 6.59881378689285515e-2) * z
        top = (top + 1.421619193227893466e-3) * z
        low = (low + 3.78239633202758244e-3) * z
        tail = z * (top + 2.9112874951168792e-5) / (low + 7.29751555083966205e-5)
        tail = (0.39894228040143267794 - tail) / y
    z = int(y * 16.0) / 16.0
    tail *= exp(-0.5 * z * z) * exp(-0.5 * (y - z) * (y + z))
    if x > 0.0:
        return 1.0 - tail
    return tail


CANDIDATES: dict[str, Callable[[float], float]] = {
    "erfc of the library": erfc_cdf,
    "Cody 1969": cody_cdf,
    "tail of degrees 9, 10": tail_cdf("short_cdf", SHORT_TOP, SHORT_LOW),
    "tail of degrees 10, 11": tail_cdf("long_cdf", LONG_TOP, LONG_LOW),
}


def errors(cdf: Callable[[float], float]) -> tuple[float, float, float]:
    """Return the largest absolute error, relative error of the tail to -6, and price error.

    In units of eps; the price by two calls of `cdf`, in units of ``eps (spot + strike)``.
    """
    absolute = relative = price = 0.0
    with localcontext() as context:
        context.prec = 60
        for row in read("normal.csv"):
            x = float(row["x"])
            absolute = max(absolute, abs(float(Decimal(cdf(x)) - Decimal(row["cdf"]))))
            if x <= 6.0:
                tail = Decimal(row["tail"])
                relative = max(relative, abs(float(Decimal(cdf(-x)) / tail - 1)))
        for row in read("prices.csv"):
            spot, strike, tau, rate, div, vol, right = numbers(
                row, "spot strike tau rate div vol right"
            )
            deviation = vol * sqrt(tau)
            d1 = (log(spot / strike) + (rate - div) * tau) / deviation + 0.5 * deviation
            held = spot * exp(-div * tau) * cdf(right * d1)
            owed = strike * exp(-rate * tau) * cdf(right * (d1 - deviation))
            value = Decimal(right * (held - owed))
            price = max(price, abs(float(value - Decimal(row["price"]))) / (spot + strike))
    return absolute / EPS, relative / EPS, price / EPS


def timed(loop: Callable[[Floats, Floats], None], x: Floats, out: Floats) -> float:
    """Return the least nanoseconds per value."""
    loop(x, out)  # compiles
    least, end = 1e9, time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        loop(x, out)
        least = min(least, time.perf_counter() - start)
    return 1e9 * least / len(x)


def loop_of(cdf: Callable[[float], float]) -> Callable[[Floats, Floats], None]:
    """Return a loop of its own for each candidate: PyPy's traces are then not shared."""
    source = """
def loop(x, out):
    for i in range(len(x)):
        out[i] = cdf(x[i])
"""
    loop: Callable[[Floats, Floats], None] = made(source, "loop", cdf=cdf)
    return loop


def compiled_loop_of(cdf: Callable[[float], float]) -> Callable[[Floats, Floats], None]:
    """Return the same loop through Numba."""
    from numba import njit

    inner = njit(error_model="numpy")(cdf)

    def loop(x, out):  # type: ignore[no-untyped-def]
        for i in range(len(x)):
            out[i] = inner(x[i])

    compiled: Callable[[Floats, Floats], None] = njit(error_model="numpy")(loop)
    return compiled


def main() -> None:
    draw = random.Random(1)
    x = array("d", [8.0 * draw.random() - 4.0 for _ in range(ROWS)])
    out = array("d", bytes(8 * ROWS))
    facts, load = machine(), os.getloadavg()[0]
    is_pypy = platform.python_implementation() == "PyPy"
    try:
        has_numba = not is_pypy and bool(__import__("numba"))
    except ImportError:
        has_numba = False
    python = f"{platform.python_implementation()} {platform.python_version()}"
    where = f"{facts['cpu_model_name']}, {facts['cpu_count']} cores, {platform.machine()}"
    print(f"{python}, {where}, load average {load:.1f}")
    print(f"{'':22}{'cdf/eps':>9}{'tail/eps':>10}{'price/eps':>11}{'ns':>8}{'Numba ns':>10}")
    for name, cdf in CANDIDATES.items():
        absolute, relative, price = errors(cdf)
        line = f"{name:22}{absolute:9.2f}{relative:10.1f}{price:11.2f}"
        line += f"{timed(loop_of(cdf), x if is_pypy else x[:FEW_ROWS], out):8.1f}"
        if has_numba:
            line += f"{timed(compiled_loop_of(cdf), x, out):10.1f}"
        print(line)


if __name__ == "__main__":
    main()
