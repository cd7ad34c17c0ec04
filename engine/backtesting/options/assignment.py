"""When the holder of an American option exercises it early, and who is assigned then.

A rational holder exercises at a close when what exercise brings exceeds what the option is worth
until the next session: a call for the dividend that goes ex overnight, a put for the interest on
its strike. Known dividends count; what the market pays for the option does not, because few trade
where exercise is best.
"""

from __future__ import annotations

from math import exp

from engine.backtesting.options.board import Board
from engine.backtesting.options.package import Holding
from engine.backtesting.options.sight import Model, Sight
from engine.clock import years_between
from engine.market.calendar import calendar_named

# Of a strike whose quotes, and those of its neighbours, imply no volatility.
UNKNOWN_VOL = 0.25
# An option less in the money is not exercised.
LEAST = 0.01
_ROUNDING = 1e-9


def exercised_early(sight: Sight, board: Board, one: Holding) -> bool:
    """Tell whether the holder of `one` exercises it at the close that the chain stands for."""
    chain = sight.chain
    if chain.is_european or one.settles_ns <= chain.ts_ns:
        return False
    quote = board.find(one.contract)
    vol = sight.vol(chain.row_of(quote)) if quote >= 0 else UNKNOWN_VOL
    right = 1 if one.contract.right == "C" else -1
    strike = one.contract.strike
    return pays_early(
        sight.model, right, strike, one.settles_ns, vol if vol == vol else UNKNOWN_VOL
    )


def pays_early(model: Model, right: int, strike: float, settles_ns: int, vol: float) -> bool:
    """Tell whether exercise at the spot of `model` pays more than holding over one session.

    The option held is worth what it is without the dividends that go ex at the next open, and
    may be exercised again from then on.
    """
    chain = model.chain
    calendar = calendar_named(chain.calendar)
    following = calendar.next_session(calendar.session_date(chain.ts_ns))
    opens = years_between(chain.ts_ns, calendar.open_ns(following))
    closes = years_between(chain.ts_ns, calendar.close_ns(following))
    tau = years_between(chain.ts_ns, settles_ns)
    spot = chain.underlying.mid
    intrinsic = right * (spot - strike)
    if not (intrinsic >= LEAST and tau > 0.0):
        return False
    gone = model.escrowed(spot, min(opens, tau))
    held, _ = model.value(gone, strike, tau, vol, right, since=opens)
    if held > intrinsic + _ROUNDING * strike:
        return False
    # Waiting until tomorrow's close puts the strike off, and takes the share without its dividend.
    interest = strike * (1.0 - exp(-model.rate(closes) * closes))
    return right * ((spot - gone) - interest) > 0.0
