"""What the user says about carry, laid over what a source knows, over documented defaults."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from engine.clock import from_ns
from engine.errors import UsageError
from engine.market.calendar import calendar_named
from engine.market.carry import ORDINARY, SPECIAL, Carry, Dividend, RateCurve
from engine.market.chain import OptionChain
from engine.market.policy_rate import (
    BORROW_ABOVE,
    FIRST_DAY,
    LAST_DAY,
    LEND_BELOW,
    default_rates,
    is_guessed,
    is_known,
)
from engine.market.quoting import IN_MONEY, Quoting

# Between the two ends when the user gives one of them in a file.
DEFAULT_SPREAD = LEND_BELOW + BORROW_ABOVE

# A dividend beyond this share of the price is special: the exchange lowers the strikes by it.
SPECIAL_SHARE = 0.10
# Currencies that cost what the dollar costs.
_DOLLARS = frozenset({"USD", "USDC", "USDT"})

UNDATED = -1  # rates of a file that does not say when they were read

EVERY = ""  # the key of what holds for every symbol without an entry of its own

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class CarryInUse:
    """The carry a chain is scanned with, whether its dividends are known, and what to tell."""

    carry: Carry
    knows_dividends: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CarryOverrides:
    """What the user says about carry; None or no entry where nothing was said.

    Attributes
    ----------
    lend, borrow
        Your two rates. One alone puts the other `DEFAULT_SPREAD` away.
    rates_as_of_ns
        When they were read, UTC nanoseconds; 0 vouches for them at the instant of the chain,
        `UNDATED` does not know.
    dividends, borrow_fee, shortable, index_yield
        By symbol in capitals, `EVERY` for all others. A symbol's dividends *replace* the source's.
    """

    lend: RateCurve | None = None
    borrow: RateCurve | None = None
    rates_as_of_ns: int = 0
    withholding: float | None = None
    dividends: Mapping[str, tuple[Dividend, ...]] = field(default_factory=dict)
    borrow_fee: Mapping[str, float] = field(default_factory=dict)
    shortable: Mapping[str, float] = field(default_factory=dict)
    index_yield: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, carry: Carry) -> CarryOverrides:
        """Return the overrides that say all of `carry`, for every symbol."""
        return cls(
            lend=carry.lend,
            borrow=carry.borrow,
            rates_as_of_ns=carry.as_of_ns,
            withholding=carry.withholding,
            dividends={EVERY: carry.dividends},
            borrow_fee={EVERY: carry.borrow_fee},
            shortable={EVERY: carry.shortable},
            index_yield={EVERY: carry.index_yield},
        )

    @property
    def has_rates(self) -> bool:
        """Whether the user gave a rate."""
        return self.lend is not None or self.borrow is not None

    def checked(self) -> CarryOverrides:
        """Return these if their rates fit together.

        Raises
        ------
        ValueError
            If lending exceeds borrowing at some term.
        """
        self.carry(EVERY, 0)
        return self

    def over(
        self, chain: OptionChain, known: Carry | None, knows_dividends: bool | None = None
    ) -> CarryInUse:
        """Return the carry of `chain`: the user's over the `known` one, and what that replaced.

        `knows_dividends` is whether the source does; None is whether it has a carry.

        Raises
        ------
        UsageError
            If no rates are known for the currency or the day of the chain.
        """
        symbol = chain.symbol.upper()
        said = self._with_dividends_to_come(chain)
        known_dividends = known is not None if knows_dividends is None else knows_dividends
        is_told = symbol in said.dividends or EVERY in said.dividends
        if not (self.has_rates or knows_rates(known)) and chain.quoting.has_carry:
            _check_default(chain)
        carry = said.carry(chain.symbol, chain.ts_ns, known, quoting=chain.quoting)
        carry, special = _with_special(chain, carry)
        notes = [*_replaced(chain, known, carry, is_told), *special]
        if carry.index_yield and chain.underlying.is_tradable:
            notes.append(
                f"{chain.symbol} is no index: its yield of {carry.index_yield:.2%} is not counted, "
                "only its dividends are (--dividends EX=AMOUNT)"
            )
            carry = replace(carry, index_yield=0.0)
        return CarryInUse(carry, is_told or known_dividends, tuple(notes))

    def _with_dividends_to_come(self, chain: OptionChain) -> CarryOverrides:
        """Leave out a list of dividends that had all gone before the chain: it says nothing."""
        today = calendar_named(chain.calendar).session_date(chain.ts_ns)
        symbol = chain.symbol.upper()
        key = symbol if symbol in self.dividends else EVERY
        given = self.dividends.get(key, ())
        if not given or any(dividend.ex_date > today for dividend in given):
            return self
        left = {name: some for name, some in self.dividends.items() if name != key}
        return replace(self, dividends=left)

    def carry(
        self,
        symbol: str,
        ts_ns: int,
        known: Carry | None = None,
        *,
        quoting: Quoting = IN_MONEY,
    ) -> Carry:
        """Return the carry of `symbol` at `ts_ns`: the user's over `known` over the defaults.

        The defaults of a coin-settled chain (`quoting`) are 0, as of the chain: its futures have
        the dollar's rate in them.

        Raises
        ------
        ValueError
            If lending exceeds borrowing at some term.
        """
        base = known if known is not None else Carry()
        lend, borrow, as_of = self._rates(base, ts_ns, quoting)
        return replace(
            base,
            lend=lend,
            borrow=borrow,
            as_of_ns=as_of,
            withholding=base.withholding if self.withholding is None else self.withholding,
            dividends=_by_symbol(self.dividends, symbol, base.dividends),
            borrow_fee=_by_symbol(self.borrow_fee, symbol, base.borrow_fee),
            shortable=_by_symbol(self.shortable, symbol, base.shortable),
            index_yield=_by_symbol(self.index_yield, symbol, base.index_yield),
        )

    def under(self, flags: CarryOverrides) -> CarryOverrides:
        """Return these, said by a file, with `flags` winning wherever both speak.

        Rates of the file are `UNDATED` where it does not date them.
        """
        rates = replace(self, rates_as_of_ns=self.rates_as_of_ns or UNDATED)
        if flags.has_rates or not self.has_rates:
            rates = flags
        return CarryOverrides(
            lend=rates.lend,
            borrow=rates.borrow,
            rates_as_of_ns=rates.rates_as_of_ns,
            withholding=self.withholding if flags.withholding is None else flags.withholding,
            dividends=_merged(self.dividends, flags.dividends),
            borrow_fee=_merged(self.borrow_fee, flags.borrow_fee),
            shortable=_merged(self.shortable, flags.shortable),
            index_yield=_merged(self.index_yield, flags.index_yield),
        )

    def _as_of(self, ts_ns: int) -> int:
        return max(self.rates_as_of_ns or ts_ns, 0)

    def _rates(
        self, known: Carry, ts_ns: int, quoting: Quoting
    ) -> tuple[RateCurve, RateCurve, int]:
        lend, borrow = self.lend, self.borrow
        if lend is not None and borrow is not None:
            return lend, borrow, self._as_of(ts_ns)
        if lend is not None:
            return lend, lend.shifted(DEFAULT_SPREAD), self._as_of(ts_ns)
        if borrow is not None:
            return _below(borrow), borrow, self._as_of(ts_ns)
        if knows_rates(known):
            return known.lend, known.borrow, known.as_of_ns
        if not quoting.has_carry:
            return RateCurve(), RateCurve(), ts_ns
        default_lend, default_borrow = default_rates(from_ns(ts_ns).date())
        return RateCurve.flat(default_lend), RateCurve.flat(default_borrow), 0


def _check_default(chain: OptionChain) -> None:
    day = from_ns(chain.ts_ns).date()
    if chain.currency not in _DOLLARS:
        why = f"{chain.symbol} is quoted in {chain.currency}, whose rates are not known here"
    elif not (is_known(day) or is_guessed(day)):
        why = (
            f"{chain.symbol} is of {day}, and the rates known here are those of "
            f"{FIRST_DAY} to {LAST_DAY}"
        )
    else:
        return
    raise UsageError(f"{why}: say what money costs with --rates LEND,BORROW")


def _with_special(chain: OptionChain, carry: Carry) -> tuple[Carry, list[str]]:
    """Mark dividends beyond the exchanges' threshold as special: strikes are lowered by them."""
    if not carry.dividends or not chain.quoting.has_carry:
        return carry, []
    price = chain.underlying.bid
    notes = []
    marked = []
    for dividend in carry.dividends:
        is_special = dividend.kind == ORDINARY and dividend.amount > SPECIAL_SHARE * price
        marked.append(replace(dividend, kind=SPECIAL) if is_special else dividend)
        if is_special:
            notes.append(
                f"the dividend of {dividend.amount:g} of {chain.symbol} on {dividend.ex_date} is "
                f"more than {SPECIAL_SHARE:.0%} of the price, so it is taken for a special one: "
                "strikes are lowered by it, and no edge depends on it"
            )
    return replace(carry, dividends=tuple(marked)), notes


def _replaced(
    chain: OptionChain, known: Carry | None, carry: Carry, is_told: bool
) -> Iterator[str]:
    """Say which of the source's knowledge gave way to the user's."""
    if known is None:
        return
    today = calendar_named(chain.calendar).session_date(chain.ts_ns)
    coming = [dividend for dividend in known.dividends if dividend.ex_date > today]
    if is_told and coming and carry.dividends != known.dividends:
        first, total = coming[0], sum(dividend.amount for dividend in coming)
        yield (
            f"the dividends given for {chain.symbol} replace {len(coming)} of its source "
            f"({total:g} in all, the next {first.amount:g} on {first.ex_date})"
        )
    if known.borrow_fee > 0.0 and carry.borrow_fee != known.borrow_fee:
        yield (
            f"the borrow fee given for {chain.symbol}, {carry.borrow_fee:.2%}, replaces its "
            f"source's {known.borrow_fee:.2%}"
        )


def check_dividends(chain: OptionChain, carry: Carry) -> None:
    """Refuse a dividend that the chain's options see and that is more than the underlying's price.

    Raises
    ------
    UsageError
        Naming it: a slip of the pen, which would be an arbitrage of that size in every row.
    """
    if not chain.quoting.has_carry:
        return
    spot = chain.underlying
    known = [price for price in (spot.bid, spot.ask) if price > 0.0] or chain.strike
    price = max(known, default=math.inf)
    today, last = from_ns(chain.ts_ns).date(), chain.expiries[-1].date
    for dividend in carry.dividends:
        if dividend.amount > price > 0.0 and today <= dividend.ex_date <= last:
            raise UsageError(
                f"a dividend of {dividend.amount:g} on {dividend.ex_date} is more "
                f"than the price of the underlying, {price:g}: correct --dividends (or the file)"
            )


def knows_rates(carry: Carry | None) -> bool:
    """Return whether a source's carry says anything about rates: all 0 and undated says nothing."""
    if carry is None:
        return False
    return carry.as_of_ns != 0 or any(carry.lend.rates) or any(carry.borrow.rates)


def _below(borrow: RateCurve) -> RateCurve:
    """Return the lending curve that goes with `borrow`: the spread below, but not below 0."""
    rates = (min(rate, max(0.0, rate - DEFAULT_SPREAD)) for rate in borrow.rates)
    return RateCurve(borrow.days, tuple(rates))


def _by_symbol(said: Mapping[str, _T], symbol: str, known: _T) -> _T:
    return said.get(symbol.upper(), said.get(EVERY, known))


def _merged(low: Mapping[str, _T], high: Mapping[str, _T]) -> dict[str, _T]:
    # A flag for every symbol silences what the file says of single ones.
    return dict(high) if EVERY in high else {**low, **high}
