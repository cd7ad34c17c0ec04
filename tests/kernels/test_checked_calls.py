"""`engine.kernels`: what fits gives the kernel's own bits, whatever does not is refused by name."""

from __future__ import annotations

import re
from array import array
from contextlib import suppress
from itertools import islice
from math import nan
from pathlib import Path
from random import Random

import pytest

from engine import kernels
from engine.backend import Backend, select
from engine.errors import EngineError, UsageError
from engine.kernels import Kernels
from engine.kernels.calls import lengths
from engine.kernels.offered import OFFERED, Rule, kernels_of, rule_of
from tests.kernels.inputs import KERNELS, arguments, copies

ROOT = Path(__file__).parents[2]
NAMES = [f"{module}.{name}" for module in OFFERED for name in kernels_of(module)]
RULES = {name: rule_of(*name.split(".")) for name in NAMES}
COLUMNS = [name for name, rule in RULES.items() if rule.columns()]
# The whole numbers that a kernel must stand, beside those of its scene.
ODD = (-(1 << 52), -1, 0, 1, 2, 3, 7, 1 << 52)


class Strict(array):  # type: ignore[type-arg]
    """A column that refuses what compiled code would read or write beyond its ends."""

    def __getitem__(self, at: int) -> float:
        if not 0 <= at < len(self):
            raise IndexError(at)
        return super().__getitem__(at)

    def __setitem__(self, at: int, value: float) -> None:
        if not 0 <= at < len(self):
            raise IndexError(at)
        super().__setitem__(at, value)


def least(rule: Rule, values: dict[str, object]) -> dict[str, object]:
    """Return the arguments with no column longer than its rule asks for."""
    head = f"lambda {', '.join(rule.kinds)}: "
    made = dict(values)
    for name, size in rule.sizes.items():
        wanted = max(0, eval(head + size, dict(rule.constants))(*values.values()))
        column = made[name]
        assert isinstance(column, array)
        more = array(column.typecode, [0]) * max(0, wanted - len(column))
        made[name] = (column + more)[:wanted]
    for names in lengths(rule).values():
        rows = min(len(made[name]) for name in names)
        for name in names:
            made[name] = made[name][:rows]
    return made


def scene(name: str, seed: int = 3) -> dict[str, object]:
    """Return arguments of a kernel that fit, of the least lengths; states are fresh."""
    rule = RULES[name]
    values = dict(zip(rule.kinds, copies(next(arguments(name, seed))), strict=True))
    values = least(rule, values)
    for column in rule.written():
        found = values[column]
        assert isinstance(found, array)
        values[column] = array(found.typecode, bytes(found.itemsize * len(found)))
    if name == "messages.scan_trade":
        values["row"] = 0
    return values


def raw(name: str, backend: Backend) -> object:
    module, _, kernel = name.partition(".")
    found = getattr(backend, module) if hasattr(backend, module) else backend.load(module)
    return getattr(found, kernel)


def checked(name: str, backend: Backend):
    module, _, kernel = name.partition(".")
    return getattr(getattr(Kernels(backend), module), kernel)


def same(one: object, other: object) -> bool:
    return repr(one) == repr(other)


def test_every_kernel_of_the_docs_is_offered() -> None:
    text = (ROOT / "docs" / "KERNELS.md").read_text(encoding="utf-8")
    text = text[text.index("## What the numbers mean") : text.index("## The cache")]
    words = {word.partition("(")[0] for word in re.findall(r"`([\w.]+(?:\(\.\.\.\))?)", text)}
    offered = {*NAMES, *(name.partition(".")[2] for name in NAMES)}
    known = {*KERNELS, *(name.partition(".")[2] for name in KERNELS)}
    # What the scan has columns for, parts of kernels, and the names of modules.
    inner = {"forward.parity_point", "scan_fields", "trade", "backtest", "moments", "simplex"}
    assert (words & known) - offered <= inner
    assert len(words & offered) > 60


@pytest.mark.parametrize("name", NAMES)
def test_what_fits_gives_the_bits_of_the_kernel(name: str, backend: Backend) -> None:
    values = scene(name)
    here, there = copies(tuple(values.values())), copies(tuple(values.values()))
    answer = raw(name, backend)(*here)
    found = checked(name, backend)(*there)
    assert same(here, there)
    outs = [value for key, value in zip(values, there, strict=True) if key.startswith("out_")]
    results = found if isinstance(found, tuple) else () if found is None else (found,)
    told = answer if isinstance(answer, tuple) else () if answer is None else (answer,)
    assert same(tuple(results), (*outs, *told))
    # The same by name, results made where they are left out: in the form of the inputs.
    rule = RULES[name]
    given = {key: value for key, value in values.items() if key not in rule.left_out()}
    again = checked(name, backend)(**dict(zip(given, copies(tuple(given.values())), strict=True)))
    if name.startswith("messages."):  # as many rows as there are lines
        found = [
            one[: len(more)] if isinstance(one, array) else one
            for one, more in zip(found, again, strict=True)
        ]
        again = list(again)
    assert same(again, found)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_one_element_short_is_refused_by_its_name(name: str, backend: Backend) -> None:
    rule, refused = RULES[name], 0
    call = checked(name, backend)
    together = {one for names in lengths(rule).values() for one in names}
    for column in rule.columns():
        if column not in together and column not in rule.sizes:
            continue  # the only column: any length will do
        # Some scenes have no dividends.
        values = next(found for seed in range(3, 99) if (found := scene(name, seed))[column])
        values[column] = values[column][:-1]
        before = copies(tuple(values.values()))
        with pytest.raises(EngineError) as error:
            call(*values.values())
        pair = next((names for names in lengths(rule).values() if column in names), [column])
        assert str(error.value).partition(":")[0] in (pair if len(pair) == 2 else [column])
        assert "\n" not in str(error.value)
        assert same(before, tuple(values.values())), "something was written"
        refused += 1
    assert refused or not (together or rule.sizes)


@pytest.mark.parametrize("name", COLUMNS)
def test_no_kernel_leaves_the_columns_that_pass(name: str) -> None:
    """Run the pure kernel on columns of the least length that refuse every index beyond them."""
    rule, draw = RULES[name], Random(f"strict {name}")
    pure = raw(name, select("pure"))
    call = checked(name, select("pure"))
    ran = 0
    for values in islice(arguments(name, 4), 12):
        bound = dict(zip(rule.kinds, copies(values), strict=True))
        for key, kind in rule.kinds.items():
            if kind == "int" and key != "right" and draw.random() < 0.4:
                bound[key] = ODD[int(draw.random() * len(ODD))]
        try:
            bound = least(rule, bound)
            with suppress(ZeroDivisionError):  # as below
                call(*copies(tuple(bound.values())))
        except (UsageError, MemoryError, OverflowError):
            continue
        strict = [
            Strict(value.typecode, value) if isinstance(value, array) else value
            for value in bound.values()
        ]
        # A rule for other numbers of nodes holds zeros: nan, or on Python a division by zero.
        with suppress(ZeroDivisionError):
            pure(*strict)
        ran += 1
    assert ran >= 3


def closes(n: int = 6) -> array[float]:
    return array("d", (1.0 + 0.5 * (i * i % 5) for i in range(n)))


class TestForms:
    """What is given may be any column; results are of the same form."""

    def test_lists_numbers_and_arrays(self, backend: Backend) -> None:
        k = Kernels(backend)
        numbers = 100.0, 95.0, 0.5, 0.04, 0.01, 0.2
        columns = [array("d", [x] * 2) for x in numbers]
        wanted = k.pricing.price_chain(*columns, array("b", [1, 1]))
        assert isinstance(wanted, array)
        assert k.pricing.price_chain([100, 100], 95, 0.5, 0.04, 0.01, 0.2, 1) == wanted.tolist()
        assert k.pricing.price_chain(100, 95, 0.5, 0.04, 0.01, 0.2, right=1) == wanted[0]
        assert k.rolling.sma((1, 2.0, 4), 2)[1:] == [1.5, 3.0]
        assert k.pricing.greeks_chain(100, 95, 0.5, 0.04, 0.01, 0.2, 1).price == wanted[0]

    def test_what_the_readme_shows_runs_on_the_selected_backend(self) -> None:
        assert kernels.averages.EMA_STATE == 4
        assert "price_chain" in dir(kernels.pricing)
        assert kernels.averages.ema([1.0, 1.0, 1.0], 2)[1:] == [1.0, 1.0]
        with pytest.raises(AttributeError, match="did you mean 'sma'"):
            _ = kernels.rolling.smaa
        with pytest.raises(AttributeError, match="parity"):
            _ = kernels.parity

    def test_numpy_and_pandas(self, backend: Backend) -> None:
        np = pytest.importorskip("numpy", reason="NumPy is not installed")
        k, x = Kernels(backend), closes()
        wanted = k.rolling.sma(x, 3)
        own = np.array(x)
        found = k.rolling.sma(own, 3)
        assert isinstance(found, np.ndarray)
        assert found.tobytes() == wanted.tobytes()
        out, state = np.zeros(6), array("d", bytes(8 * 11))
        assert k.rolling.sma(own, 3, state, out) is out
        assert out.tobytes() == wanted.tobytes()
        # The state goes on, whichever form it has.
        after = array("d", bytes(8 * 11))
        k.rolling.sma(x, 3, after, array("d", bytes(48)))
        assert state == after
        for other in (own.astype("float32"), own[::2].repeat(2)[:6], np.repeat(own, 2)[::2]):
            assert (
                k.rolling.sma(other, 3).tobytes()
                == k.rolling.sma(array("d", other.tolist()), 3).tobytes()
            )
        own.flags.writeable = False
        assert k.rolling.sma(own, np.int64(3)).tobytes() == wanted.tobytes()
        assert k.equity.sharpe(own, np.float64(252.0), 0) == k.equity.sharpe(x, 252.0, 0.0)

    def test_a_series_keeps_its_index(self, backend: Backend) -> None:
        pd = pytest.importorskip("pandas", reason="pandas is not installed")
        k, x = Kernels(backend), closes()
        found = k.rolling.sma(pd.Series(x, index=list("abcdef")), 3)
        assert found.to_dict().keys() == set("abcdef")
        assert found.to_numpy().tobytes() == k.rolling.sma(x, 3).tobytes()
        with pytest.raises(UsageError, match="low: has another index than high"):
            k.wilder.atr(pd.Series(x), pd.Series(x, index=range(1, 7)), pd.Series(x), 2)


class TestRefused:
    """One line, the argument's name first."""

    @pytest.mark.parametrize(
        ("arguments", "named", "why"),
        [
            (("abc", 3), {}, "x: expected a column of numbers, found str 'abc'"),
            (([1.0, None], 3), {}, "x: row 1 is NoneType None"),
            ((["1"], "3"), {}, "period: expected a whole number"),
            ((closes(), 2.5), {}, "period: expected a whole number, found float 2.5"),
            ((closes(), nan), {}, "period: expected a whole number"),
            ((closes(), 1 << 60), {}, "period: .* is beyond 2"),
            ((closes(),), {}, "period: missing in the call of rolling.sma"),
            ((closes(), 3), {"out": closes()}, "rolling.sma: out: "),
            ((closes(), 3), {"x": closes()}, "rolling.sma: x: given by position and by name"),
            ((closes(), 3, None, None, 5), {}, "rolling.sma: takes 4 arguments, 5 given"),
            ((closes(), 3), {"out_sma": [0.0] * 6}, "out_sma: array.'d'. is written"),
            ((closes(), 3), {"out_sma": array("f", [0.0] * 6)}, "out_sma: array.'f'. given"),
            ((closes(), 3), {"out_sma": closes(7)}, "(out_sma|x): has . elements"),
            ((closes(), 3), {"work_state": closes(10)}, "work_state: has 10 elements, 11 are"),
            ((closes(), 1 << 40), {}, "work_state: would have"),
            ((closes(), 3), {"work_state": array("d", [3.0] * 11)}, "work_state: is not a state"),
            ((closes(), 3), {"work_state": array("d", [nan] * 11)}, "work_state: is not a state"),
        ],
    )  # fmt: skip
    def test_a_moving_average(self, arguments, named, why: str, backend: Backend) -> None:
        with pytest.raises(EngineError, match=why) as error:
            Kernels(backend).rolling.sma(*arguments, **named)
        assert "\n" not in str(error.value)

    def test_columns_that_share_memory(self, backend: Backend) -> None:
        x, k = closes(), Kernels(backend)
        with pytest.raises(UsageError, match="out_sma: shares memory with x"):
            k.rolling.sma(x, 3, array("d", bytes(88)), x)
        with pytest.raises(UsageError, match="out_middle: shares memory with out_upper"):
            k.bands.bollinger(closes(), 3, 2.0, 2.0, out_middle=x, out_upper=x)
        same_series = k.bars.backtest(x, x, closes(), [1e3, 0.0, 0, 0, 0, 0, 0])
        assert len(same_series[0]) == 6
        np = pytest.importorskip("numpy", reason="NumPy is not installed")
        long = np.arange(9.0)
        for out in (long[:6], long[3:], np.frombuffer(memoryview(long)[2:8])):
            with pytest.raises(UsageError, match="out_sma: shares memory with x"):
                k.rolling.sma(long[:6], 3, out_sma=out)
        with pytest.raises(UsageError, match="out_sma: shares memory with x"):
            k.rolling.sma(x, 3, out_sma=np.frombuffer(x))

    def test_ndarrays_that_cannot_be_written(self, backend: Backend) -> None:
        np = pytest.importorskip("numpy", reason="NumPy is not installed")
        frozen = np.zeros(6)
        frozen.flags.writeable = False
        wrong = {
            "is not contiguous": np.zeros(12)[::2],
            "cannot be written": frozen,
            "1 dimensions of float32": np.zeros(6, "f"),
            "2 dimensions of float64": np.zeros((6, 1)),
        }
        for why, out in wrong.items():
            with pytest.raises(UsageError, match=f"out_sma: .*{why}"):
                Kernels(backend).rolling.sma(np.array(closes()), 3, out_sma=out)
        with pytest.raises(UsageError, match="x: has 2 dimensions"):
            Kernels(backend).rolling.sma(np.zeros((2, 2)), 3)
        with pytest.raises(UsageError, match="session: has values that are not whole numbers"):
            Kernels(backend).vwap.session_vwap([1.0], [1.0], np.array([0.5]))

    def test_places_rows_and_rings(self, backend: Backend) -> None:
        k = Kernels(backend)
        with pytest.raises(UsageError, match="stop: 9 is not a place in the data behind"):
            k.messages.scan_trade(b"{}", 0, 9, 0)
        with pytest.raises(UsageError, match="start: -1 is not a place"):
            k.messages.scan_trades(b"{}", -1)
        with pytest.raises(UsageError, match="data: expected bytes"):
            k.messages.scan_trades("{}", 0)
        with pytest.raises(UsageError, match="ring: its length is not a power of two"):
            k.ticks.start_ticks(9.0, array("d", bytes(56)), array("d", bytes(24)))
        with pytest.raises(UsageError, match="nodes: 0 is not 1 to 4096"):
            k.quadrature.american_rule(0, 3, 3)
