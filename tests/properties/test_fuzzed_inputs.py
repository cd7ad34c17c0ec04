"""Whatever a file holds, the answer is a chain or one line: no traceback, no hang, no row lost.

Good inputs are mutated: bytes, cells, tokens that have broken readers before, whole rows. A sample
runs every time, 100,000 of each reader with ``make test-long``.
"""

from __future__ import annotations

import json
import math
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from engine.errors import EngineError
from engine.feeds import open_feed
from engine.feeds.csv_file import CsvFeed
from engine.feeds.deribit import DeribitFeed
from engine.feeds.frame import ObjectFeed
from engine.feeds.inspection import inspect_file
from engine.feeds.lean import LeanFeed
from engine.feeds.protocol import Feed, FeedOptions
from engine.market.chain import OptionChain
from engine.settings.config_file import read_config
from tests.unit import lean_folder
from tests.unit.test_json_source import SAMPLES as ANSWERS
from tests.unit.test_layouts import SAMPLES

HEADER = (
    "timestamp_utc,underlying,underlying_bid,underlying_ask,expiry,strike,right,bid,ask,bid_size,"
    "ask_size,bid_age_s,ask_age_s,style,multiplier,currency,trading_class,kind"
)
ROWS = [
    f"2015-12-24T14:35:00Z,XYZ,99.9,100.1,2016-01-15,{strike},{right},2.5,2.6,3,4,0.5,,american,"
    "100,USD,XYZ,"
    for strike in (95, 100, 105)
    for right in "CP"
] + [
    "2015-12-24T15:35:00Z,ETH,2230,2231,2016-01-15,2200,C,0.02,0.021,,,,,european,1,ETH,,coin",
    "2015-12-24T15:35:00Z,^SPX,2000,2001,2016-01-15,2000,P,20,21,,,,,,,,SPXW,",
]
TOKENS = (
    "", " ", "nan", "inf", "-inf", "-1", "-0", "1e308", "1e-320", "1e999", "9" * 400, "9" * 4500,
    "0001-01-01T00:00+14:00", "9999-12-31T23:59:59Z", "2016-02-30", "\x00", "\x1b]0;X\x07", "=1+1",
    "@x", "\u0661\u0662", "\ud7ff", "x" * 140_000, '"', "'", "1_0", "0x10", "+5", "C", "put", "BTC",
    "USD", "ETH", "VIX", "^SPX", "index", "coin", "-", "1,5", "1.5e", ".", "e", "\ufeff", "\u2028",
    "[" * 50, "{}", "null", "true", "../../etc/passwd", "a" * 300,
)  # fmt: skip

ODD = (5, -1, 10**400, 10**5000, 1e400, math.nan, None, True, [], {}, (), b"x", "x" * 99)

EACH = 10  # mutations of one seed


def mutated(text: str, rng: Random, separator: str) -> str:
    """Return `text` with one to three changes."""
    for _ in range(rng.randint(1, 3)):
        how = rng.randrange(7)
        place = rng.randrange(len(text) + 1)
        if how == 0:
            text = text[:place] + chr(rng.choice((0, 9, 10, 13, 34, 44, 45, 92, 255, 8232)))
            text += chr(rng.randrange(32, 300))
        elif how == 1:
            text = text[:place] + text[place + rng.randint(1, 40) :]
        elif how == 2:
            text = text[:place] + rng.choice(TOKENS) + text[place:]
        elif how == 3:
            cells = text.split(separator)
            cells[rng.randrange(len(cells))] = rng.choice(TOKENS)
            text = separator.join(cells)
        elif how == 4:
            lines = text.split("\n")
            lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
            text = "\n".join(lines)
        elif how == 5:
            lines = text.split("\n")
            del lines[rng.randrange(len(lines))]
            text = "\n".join(lines)
        else:
            text = text[:place] + rng.choice("0123456789.-+eE,;:\"'{}[]=TZ") + text[place + 1 :]
    return text


def one_line(error: EngineError) -> None:
    line = str(error)
    assert "\n" not in line
    assert len(line) < 3000


def judged(read: Callable[[], Feed]) -> list[tuple[OptionChain, tuple[str, ...]]]:
    """Return the chains of a feed with their problems; [] where it says in one line why not."""
    found = []
    try:
        feed = read()
        for symbol in feed.symbols():
            for loaded in feed.chains(symbol):
                sane(loaded.chain)
                found.append((loaded.chain, loaded.problems))
    except EngineError as error:
        one_line(error)
        return []
    return found


def sane(chain: OptionChain) -> None:
    assert chain.symbol.isprintable()
    assert all(0.0 < strike <= 1e7 for strike in chain.strike)
    for column in (chain.bid, chain.ask):
        assert all(0.0 <= price <= 1e7 for price in column)
    for column in (chain.bid_size, chain.ask_size, chain.bid_age, chain.ask_age):
        assert all(math.isnan(value) or 0.0 <= value < math.inf for value in column)


def csv_seed(seed: int, folder: Path) -> None:
    rng = Random(f"csv {seed}")
    whole = "\n".join([HEADER, *ROWS]) + "\n"
    for _ in range(EACH):
        path = folder / "chain.csv"
        text = mutated(whole, rng, ",")
        path.write_text(text, encoding="utf-8", errors="replace", newline="")
        judged(lambda path=path: CsvFeed(path))  # type: ignore[misc]  # a default in a lambda


def layouts_seed(seed: int, folder: Path) -> None:
    rng = Random(f"layouts {seed}")
    for _ in range(EACH):
        one = SAMPLES[rng.choice(sorted(SAMPLES))]
        path = folder / "layout.csv"
        text = mutated(one.text, rng, ",")
        path.write_text(text, encoding="utf-8", errors="replace", newline="")
        decimal = rng.choice(("", "", ",", "."))
        options = FeedOptions(mapping=one.mapping, as_of_ns=one.as_of, decimal=decimal)
        judged(lambda path=path, options=options: CsvFeed(path, options=options))  # type: ignore[misc]
        try:
            inspect_file(path, options)
        except EngineError as error:
            one_line(error)


def answers_seed(seed: int, folder: Path) -> None:
    rng = Random(f"answers {seed}")
    for _ in range(EACH):
        one = ANSWERS[rng.choice(sorted(ANSWERS))]
        path = folder / "answer.json"
        text = mutated(json.dumps(one.value, indent=rng.choice((None, 1))), rng, ",")
        path.write_text(text, encoding="utf-8", errors="replace")
        options = FeedOptions(
            mapping=one.mapping,
            rows=rng.choice(("", "", "", "results", "*.*", "call=a.*,put=*.*.*.*")),
            window=rng.choice((0.0, 0.0, 1.0)),
        )
        judged(lambda options=options, path=path: open_feed(f"json:{path}", options))  # type: ignore[misc]
        try:
            inspect_file(path, options)
        except EngineError as error:
            one_line(error)


def objects_seed(seed: int, folder: Path) -> None:
    """Every object is in a chain, or refused by its number."""
    rng = Random(f"objects {seed}")
    names = HEADER.split(",")
    for _ in range(EACH):
        items: list[object] = [dict(zip(names, row.split(","), strict=True)) for row in ROWS]
        for _ in range(rng.randint(1, 3)):
            item = rng.choice([one for one in items if isinstance(one, dict)])
            odd = rng.choice((*TOKENS, *ODD))
            item[rng.choice(names)] = odd
        found = judged(lambda items=items: ObjectFeed(items, FeedOptions()))  # type: ignore[misc]
        if not found:
            continue
        problems = [problem for _, some in found for problem in some if ":item:" in problem]
        told = {problem.split(":")[2] for problem in problems}
        more = sum(int(p.rpartition("(and ")[2].split()[0]) for _, some in found for p in some
                   if p.endswith("more rows)"))  # fmt: skip
        kept = sum(
            1
            for chain, _ in found
            for q in range(2 * chain.n_rows)
            if chain.bid[q] > 0.0 or chain.ask[q] > 0.0
        )
        unquoted = sum(
            1
            for item in items
            if isinstance(item, dict) and not any(_is_price(item.get(n)) for n in ("bid", "ask"))
        )
        assert kept + len(told) + more + unquoted >= len(items)


def _is_price(value: object) -> bool:
    try:
        return float(value) > 0.0  # type: ignore[arg-type]  # what is none raises
    except (TypeError, ValueError, OverflowError):
        return False


def deribit_seed(seed: int, folder: Path) -> None:
    rng = Random(f"deribit {seed}")
    names = ["ETH-23FEB24-2800-C", "ETH-23FEB24-2800-P", "ETH-23FEB24", "ETH-PERPETUAL"]
    items = [
        {"instrument_name": name, "bid_price": 0.03, "ask_price": 0.031, "volume": 24.0,
         "underlying_price": 2269.04, "underlying_index": "ETH-23FEB24",
         "estimated_delivery_price": 2222.19, "creation_timestamp": 1704712781417}
        for name in names
    ]  # fmt: skip
    whole = json.dumps({"jsonrpc": "2.0", "result": items})
    for _ in range(EACH):
        path = folder / "book.json"
        path.write_text(mutated(whole, rng, ","), encoding="utf-8", errors="replace")
        judged(lambda path=path: DeribitFeed(path))  # type: ignore[misc]


def lean_seed(seed: int, folder: Path) -> None:
    rng = Random(f"lean {seed}")
    root = folder / "Data"
    if not root.exists():
        lean_folder.one_symbol(folder)
        root = next(path.parent for path in folder.rglob("option"))
    archives = sorted(root.rglob("*.zip"))
    maps = root / "equity" / "usa" / "map_files" / "xyz.csv"
    maps.parent.mkdir(parents=True, exist_ok=True)
    factors = lean_folder.write_text(root / "equity/usa/factor_files/xyz.csv", "")
    for _ in range(EACH):
        path = rng.choice(archives)
        before = path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name).decode() for name in archive.namelist()}
        name = rng.choice(sorted(members))
        text = members.pop(name)
        if rng.random() < 0.3:
            name = mutated(name, rng, "_")[:200].replace("\x00", "0")
        members[name or "x"] = mutated(text, rng, ",")
        maps.write_text(mutated("20050101,xyz\n20501231,xyz\n", rng, ","), errors="replace")
        factors.write_text(
            mutated("20160101,0.99,1,1\n20160609,0.99,1,100\n20501231,1,1,0\n", rng, ","),
            errors="replace",
        )
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content.encode("utf-8", "replace"))
        judged(lambda: LeanFeed(folder))
        path.write_bytes(before)


def config_seed(seed: int, folder: Path) -> None:
    rng = Random(f"config {seed}")
    whole = (
        '[scan]\nsource = "csv:a.csv"\ntop = 5\nas_of = 2015-12-24T15:30:00Z\nkind = "index"\n'
        'map = { bid = "Bid" }\n[rates]\nlend = 0.045\nborrow = [[30, 0.05], [365, "6%"]]\n'
        '[[dividends]]\nex = 2016-02-04\namount = 0.52\n[fees]\nschedule = "free"\n'
        "[borrow]\nGME = 0.35\n[gates]\nmax_option_age = 5\n"
    )
    for _ in range(EACH):
        path = folder / "parity.toml"
        path.write_text(mutated(whole, rng, "\n"), encoding="utf-8", errors="replace")
        try:
            read_config(str(path))
        except EngineError as error:
            one_line(error)


# How many seeds run every time; a LEAN folder takes an archive for each. What a reader answers does
# not depend on the runtime: on PyPy, where a reader runs slowly at first, a third of them does.
SAMPLE = {"lean": 60}
SHARE = 3 if sys.implementation.name == "pypy" else 1
READERS = {
    "csv": csv_seed, "layouts": layouts_seed, "answers": answers_seed, "objects": objects_seed,
    "deribit": deribit_seed, "lean": lean_seed, "config": config_seed,
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
def test_a_sample_of_mutations(reader: str, tmp_path: Path) -> None:
    for seed in range(SAMPLE.get(reader, 300) // SHARE):
        READERS[reader](seed, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("reader", READERS)
def test_all_mutations(reader: str, tmp_path: Path) -> None:
    for seed in range(10_000):
        READERS[reader](seed, tmp_path)
