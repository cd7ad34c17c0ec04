"""What the scans of one chain have in common while its carry and its listing stay the same."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from engine.config import ScanSettings
from engine.market.calendar import calendar_named
from engine.market.chain import OptionChain
from engine.market.terms import Terms, at_spot
from engine.proof.states import Proof
from engine.scanner.search import terms_of

_MOST_PROOFS = 4096


@dataclass(frozen=True, slots=True)
class Kept:
    """Terms of a chain, and what has been proven under them.

    Attributes
    ----------
    chain
        The one that they were made of; a proof speaks of its instant.
    settings
        With the carry and the fees that they were made of.
    terms, paid
        Its terms; those that count projected dividends as received, None where there are none.
    proofs
        What the verifier said, by everything that it depends on.
    """

    chain: OptionChain
    settings: ScanSettings
    terms: Terms
    paid: Terms | None
    proofs: dict[object, Proof] = field(default_factory=dict)

    @classmethod
    def of(
        cls, chain: OptionChain, settings: ScanSettings, *, counts_projected: bool = True
    ) -> Kept:
        """Make the terms of `chain`. O(expiries x dividends)."""
        terms, paid = terms_of(chain, settings, counts_projected=counts_projected)
        return cls(chain, settings, terms, paid)

    def fits(self, chain: OptionChain, settings: ScanSettings, seconds: float) -> bool:
        """Tell whether these are the terms of `chain`, at most so many `seconds` later.

        But for the price of a share, which `moved` sees to, and only where no fee or yield depends
        on that.
        """
        old, now = self.chain, chain
        if settings.carry != self.settings.carry or settings.fees != self.settings.fees:
            return False
        if old is now:
            return True
        is_same = (
            (old.expiries is now.expiries or old.expiries == now.expiries)
            and old.style == now.style
            and old.calendar == now.calendar
            and old.quoting == now.quoting
            and (old.strike is now.strike or old.strike == now.strike)
            and (old.first is now.first or old.first == now.first)
        )
        if not is_same or not self._is_of(now.ts_ns, seconds):
            return False
        if not now.quoting.is_linear:
            return old.forward_bid == now.forward_bid and old.forward_ask == now.forward_ask
        carry, spot, other = settings.carry, old.underlying, now.underlying
        depends = carry.borrow_fee != 0.0 or carry.index_yield != 0.0
        return not depends or (spot.bid, spot.ask) == (other.bid, other.ask)

    def _is_of(self, ts_ns: int, seconds: float) -> bool:
        """Tell whether an instant is at most so many seconds later, and no date passed between.

        The open is one: whoever buys the stock after it has no dividend of that ex-date.
        """
        age = ts_ns - self.chain.ts_ns
        if age == 0:
            return True
        if not 0 < age <= seconds * 1e9:
            return False
        calendar = calendar_named(self.chain.calendar)
        day = calendar.session_date(ts_ns)
        if day != calendar.session_date(self.chain.ts_ns):
            return False
        return not self.chain.ts_ns < calendar.open_ns(day) <= ts_ns

    def moved(self, chain: OptionChain) -> Kept:
        """Return the same with what a share costs and brings in `chain`."""
        spot, other = chain.underlying, self.chain.underlying
        if (spot.bid, spot.ask) == (other.bid, other.ask) or not chain.quoting.is_linear:
            return self
        fees = self.settings.fees
        return replace(
            self, terms=at_spot(self.terms, spot, fees),
            paid=None if self.paid is None else at_spot(self.paid, spot, fees),
            chain=replace(chain, ts_ns=self.chain.ts_ns),
        )  # fmt: skip

    def keep(self, key: object, proof: Proof) -> None:
        """Keep what was proven; the oldest half goes where there are too many."""
        if len(self.proofs) >= _MOST_PROOFS:
            for old in list(self.proofs)[: _MOST_PROOFS // 2]:
                del self.proofs[old]
        self.proofs[key] = proof
