"""What a symbol's options are called at the broker: from a symbol to a listing with contract ids.

A chain is asked for by expiry: one request brings all strikes of one, and with it their ids. What
has come is kept on disk for the day, so that the next start asks two questions: whether the ids of
the underlying and of one option still mean what they did. What does not fit is thrown away and
asked for again. Everything that comes in is checked, whoever sent it.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, TypeVar

from engine.cache.disk import DiskCache
from engine.errors import BadDataError, NoInputError, UnavailableError
from engine.ib.connection import Link
from engine.ib.increments import rule_of, steps_of
from engine.ib.listed import Listed, Series, Steps, series_of
from engine.ib.orders import COMBO_TICK
from engine.market.calendar import calendar_named
from engine.market.chain import AMERICAN, EQUITY, EUROPEAN, INDEX, STANDARD_MULTIPLIER

_T = TypeVar("_T")
_SCHEMA = 3
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9 .]{0,11}")
# TWS does not say how an option is exercised: stock options are American, index options European
# but for these.
_AMERICAN_INDICES = {"OEX"}
_KINDS = {"STK": EQUITY, "IND": INDEX}
_MOST_SERIES = 64
_MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Choice:
    """Which series of a symbol are asked for: the nearest `series`, at most `days` away."""

    series: int = 6
    days: int = 400


class Contracts:
    """Asks a broker for contracts through a link, and keeps the answers.

    Parameters
    ----------
    scope
        Whose ids these are: real ones are the same everywhere, those of a simulation are not.
    styles
        "american" or "european" by symbol, where the rule of this module is wrong.
    timeout_s
        Of one request.

    Attributes
    ----------
    n_requests, n_cached, n_stale
        Sent; answered by the cache; thrown out of it because they had changed.
    left_out
        Why series and contracts were not taken, counted.
    """

    def __init__(
        self,
        link: Link,
        cache: DiskCache | None = None,
        *,
        scope: str = "ib",
        styles: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        self.n_requests = self.n_cached = self.n_stale = 0
        self.left_out: Counter[str] = Counter()
        self._link = link
        self._cache = cache
        self._scope = scope
        self._styles = dict(styles or {})
        self._timeout_s = timeout_s
        self._rules: dict[int, Steps] = {}

    async def find(self, symbol: str, choice: Choice | None = None) -> Listed:
        """Return what is listed on a symbol.

        Raises
        ------
        NoInputError
            If the broker knows no such underlying, or no options on it.
        BadDataError
            If what it says cannot be.
        UnavailableError
            If it does not answer.
        """
        choice = choice or Choice()
        if not _SYMBOL.fullmatch(symbol):
            raise NoInputError(f"{symbol[:20]!r} is not a symbol: capital letters and digits")
        today = calendar_named("us").session_date(self._link.clock.now_ns())
        known = self._known(symbol, today, choice)
        if known is not None:
            if await self._still_holds(known):
                return known
            self.n_stale += 1
            self._forget(symbol, today, choice)
        listed = await self._fetch(symbol, today, choice)
        self._keep(listed, today, choice)
        return listed

    # the cache

    def _key(self, symbol: str, today: date, choice: Choice) -> bytes:
        parts = (_SCHEMA, self._scope, symbol, f"{today:%Y%m%d}", choice.series, choice.days)
        return "|".join(str(part) for part in ("contracts", *parts)).encode()

    def _known(self, symbol: str, today: date, choice: Choice) -> Listed | None:
        if self._cache is None:
            return None
        value = self._cache.get(self._key(symbol, today, choice), None)
        if value is None:
            return None
        try:
            found = Listed.of_json(value)
        except ValueError:
            self._forget(symbol, today, choice)
            return None
        return found if found.symbol == symbol else None

    def _keep(self, listed: Listed, today: date, choice: Choice) -> None:
        if self._cache is not None:
            self._cache.set(self._key(listed.symbol, today, choice), listed.to_json())

    def _forget(self, symbol: str, today: date, choice: Choice) -> None:
        if self._cache is not None:
            self._cache.invalidate(self._key(symbol, today, choice))

    async def _still_holds(self, known: Listed) -> bool:
        """Ask what the underlying's id and that of one option mean now."""
        spot = await self._details(conId=int(known.underlying_id), exchange=known.exchange)
        if not any(d.contract.symbol == known.symbol for d in spot):
            return False
        series = known.series[len(known.series) // 2]
        con_id, strike, right = series.rows[len(series.rows) // 2]
        found = await self._details(conId=con_id, exchange="SMART")
        holds = any(
            (d.contract.symbol, d.contract.tradingClass, d.contract.right[:1])
            == (known.symbol, series.trading_class, right)
            and float(d.contract.strike) == strike
            and d.contract.lastTradeDateOrContractMonth[:8] == series.last_day
            for d in found
        )
        self.n_cached += holds * known.n_contracts
        return holds

    # the broker

    async def _fetch(self, symbol: str, today: date, choice: Choice) -> Listed:
        spot = await self._underlying(symbol)
        con_id, sec_type = int(spot.contract.conId), spot.contract.secType
        chains = await self._ask(
            lambda: self._link.ib.reqSecDefOptParamsAsync(symbol, "", sec_type, con_id),
            f"the option chains of {symbol}",
        )
        wanted = self._wanted(symbol, chains, today, choice)
        if not wanted:
            raise NoInputError(f"the broker lists no standard options on {symbol}")
        series: list[Series] = []
        for day, name in wanted:
            found = await self._details(
                symbol=symbol, secType="OPT", exchange="SMART", currency="USD",
                lastTradeDateOrContractMonth=day, tradingClass=name,
            )  # fmt: skip
            one = series_of(found, symbol, self.left_out)
            if one is not None:
                series.append(replace(one, steps=await self._steps(found, one.tick)))
        if not series:
            raise NoInputError(f"the broker gives no contracts of the options on {symbol}")
        if sum(len(one.rows) for one in series) > _MOST_ROWS:
            raise BadDataError(f"{symbol}: more than {_MOST_ROWS} contracts")
        kind = _KINDS[sec_type]
        is_european = kind == INDEX and symbol not in _AMERICAN_INDICES
        style = self._styles.get(symbol, EUROPEAN if is_european else AMERICAN)
        steps = await self._steps([spot], _least(spot)) if kind == EQUITY else ()
        return Listed(symbol, str(con_id), sec_type, spot.contract.exchange or "SMART", style,
                      tuple(series), steps)  # fmt: skip

    async def _steps(self, details: Sequence[Any], least: float) -> Steps:
        """Return the price increments of one class: by its market rule, asked for once."""
        rule = rule_of(details)
        if rule and rule not in self._rules:
            said = await self._ask(
                lambda: self._link.ib.reqMarketRuleAsync(rule), f"market rule {rule}"
            )
            self._rules[rule] = steps_of(said, least)
        return self._rules.get(rule) or steps_of(None, least)

    async def _underlying(self, symbol: str) -> Any:
        for sec_type, exchange in (("STK", "SMART"), ("IND", "")):
            found = await self._details(
                symbol=symbol, secType=sec_type, exchange=exchange, currency="USD"
            )
            for details in found:
                contract = details.contract
                if contract.symbol == symbol and contract.secType == sec_type and _is_id(contract):
                    return details
        raise NoInputError(f"the broker knows no stock and no index {symbol!r} in USD")

    def _wanted(
        self, symbol: str, chains: Iterable[Any], today: date, choice: Choice
    ) -> Sequence[tuple[str, str]]:
        """Return the (last day, trading class) to ask for, the nearest first."""
        every = list(chains)
        smart = [chain for chain in every if chain.exchange == "SMART"] or every
        found: set[tuple[str, str]] = set()
        until = f"{today + timedelta(days=choice.days):%Y%m%d}"
        for chain in smart:
            name = chain.tradingClass
            if _multiplier(chain.multiplier) != STANDARD_MULTIPLIER:
                self.left_out["another multiplier"] += 1
            elif name.strip("0123456789") != name and name != symbol:
                self.left_out["an adjusted class"] += 1
            else:
                found |= {
                    (day, name)
                    for day in chain.expirations
                    if len(day) == 8 and day.isdigit() and f"{today:%Y%m%d}" <= day <= until
                }
        return sorted(found)[: min(choice.series, _MOST_SERIES)]

    async def _details(self, **said: Any) -> list[Any]:
        import ib_async

        contract = ib_async.Contract(**said)
        what = said.get("symbol") or f"contract {said['conId']}"
        found: list[Any] = await self._ask(
            lambda: self._link.ib.reqContractDetailsAsync(contract), f"the details of {what}"
        )
        return [details for details in found if details.contract is not None]

    async def _ask(self, request: Callable[[], Awaitable[_T]], what: str) -> _T:
        """Await an answer, for no longer than a while: some requests are never answered."""
        await self._link.turn()
        self.n_requests += 1
        try:
            return await asyncio.wait_for(request(), self._timeout_s)
        except asyncio.TimeoutError:
            said = f"the broker does not give {what}: no answer in {self._timeout_s:g} s"
            raise UnavailableError(said) from None
        except ConnectionError as error:
            said = f"the broker does not give {what}: {error or 'the connection is gone'}"
            raise UnavailableError(said) from None


def _is_id(contract: Any) -> bool:
    return isinstance(contract.conId, int) and contract.conId > 0


def _least(details: Any) -> float:
    """Return the least step of a price, a cent where none is said that can be."""
    step = float(details.minTick or 0.0)
    return step if 0.0 < step <= 100.0 else COMBO_TICK


def _multiplier(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        return math.nan
