"""How much may be risked: every limit once, with its unit. The defaults are small, for paper.

A limit is the greatest (or, where it says so, the least) value that still passes. The names that
people set, their ranges and their words are in `engine.settings.limit_table`.
"""

from __future__ import annotations

from dataclasses import dataclass

COMBO, PARALLEL = "combo", "parallel"
MOST_ORDERS_PER_CONTRACT = 20
"""What IB takes: open orders by contract, side and account."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the checks before an order, and of the breakers.

    Attributes
    ----------
    max_lots
        Packages in one order.
    max_contracts, max_shares
        Option contracts of one leg, shares of the stock leg, in one order.
    max_order_usd, max_open_usd
        What all legs of a package trade, bought and sold alike; the same for all open packages
        together with the new one. Dollars.
    max_capital_usd
        Capital of all open packages together with the new one. Dollars.
    max_working_packages
        Packages whose orders are not over, with the new one.
    max_open_packages
        Packages that are working or held, with the new one.
    max_orders_second, max_orders_minute, max_orders_day
        Orders sent in any second, any minute, and on one day of the exchange.
    reserved_orders
        How many of each of these rates are kept for orders that complete or unwind packages.
    max_orders_per_contract
        Open orders for one contract and side.
    duplicate_window_s
        Seconds in which the same combo is not sent again.
    collar_fair
        Greatest edge per share, as a fraction of the spot: more is a fault of the data.
    collar_market
        How far the limit of an order may be from what the legs cost now, either way. Dollars per
        share.
    min_edge_usd
        Least edge of the lots sent, after fees and order minimums. Dollars.
    min_edge_kept
        Least part of the edge found that must still be there when the order is sent.
    max_quote_age_s
        Age of each leg's quote, in seconds.
    max_size_fraction
        Part of the displayed size that an order may want.
    allow_one_sided, allow_delayed, allow_conditions
        Whether a leg without a bid, delayed quotes, or packages that hold only under a condition
        may be traded.
    restricted
        Symbols that are not traded.
    max_borrow_fee
        Fee of short stock per year, as a fraction.
    max_shortable_fraction
        Part of the shares that can be borrowed now that a package may sell short.
    min_time_value
        Least time value of a sold American option in the money, dollars per share: below it
        somebody exercises at once.
    ex_dividend_sessions
        No American call is sold if the stock goes ex-dividend within so many sessions; 0 is off.
    min_days_to_expiry
        Days from today to the last trading day of the nearest leg, at least.
    pin_days, pin_width
        No sold option whose strike is within `pin_width` (a fraction of the spot) if it expires in
        `pin_days` days or less.
    open_quiet_s, close_quiet_s, restart_quiet_s
        Seconds after the open, before the close, and before a restart window, without new packages.
    max_margin_usd, min_cushion_usd
        Margin that a package may take; what must remain available in the account after it. Dollars.
    needs_what_if, max_what_if_age_s
        Whether the broker's own margin must be known, and for how many seconds it counts.
    max_day_loss_usd
        Loss of the day at which nothing new is sent and trading halts. Dollars.
    max_hedge_loss_usd
        What completing and unwinding one half-filled package may cost. Dollars.
    max_unhedged_s, max_unhedged_delta
        Seconds for which, and shares of delta by which, a package may be without its hedge.
    max_rejects, reject_window_s
        Rejected orders within so many seconds before trading halts.
    max_exceptions
        Exceptions in handlers within an hour before trading halts.
    max_clock_step_s
        Seconds by which the wall clock may leave the monotonic one between two looks.
    max_data_stall_s
        Seconds without any quote during a trading session before trading halts.
    """

    max_lots: int = 5
    max_contracts: int = 50
    max_shares: int = 1_000
    max_order_usd: float = 250_000.0
    max_open_usd: float = 2_000_000.0
    max_capital_usd: float = 500_000.0
    max_working_packages: int = 2
    max_open_packages: int = 20
    max_orders_second: int = 12
    max_orders_minute: int = 60
    max_orders_day: int = 500
    reserved_orders: int = 8
    max_orders_per_contract: int = 15
    duplicate_window_s: float = 10.0
    collar_fair: float = 0.02
    collar_market: float = 0.10
    min_edge_usd: float = 1.0
    min_edge_kept: float = 0.5
    max_quote_age_s: float = 2.0
    max_size_fraction: float = 1.0
    allow_one_sided: bool = False
    allow_delayed: bool = False
    allow_conditions: bool = False
    restricted: tuple[str, ...] = ()
    max_borrow_fee: float = 0.05
    max_shortable_fraction: float = 0.5
    min_time_value: float = 0.0
    ex_dividend_sessions: int = 1
    min_days_to_expiry: int = 1
    pin_days: int = 1
    pin_width: float = 0.005
    open_quiet_s: float = 0.0
    close_quiet_s: float = 300.0
    restart_quiet_s: float = 300.0
    max_margin_usd: float = 100_000.0
    min_cushion_usd: float = 10_000.0
    needs_what_if: bool = False
    max_what_if_age_s: float = 600.0
    max_day_loss_usd: float = 500.0
    max_hedge_loss_usd: float = 50.0
    max_unhedged_s: float = 5.0
    max_unhedged_delta: float = 500.0
    max_rejects: int = 5
    reject_window_s: float = 60.0
    max_exceptions: int = 1
    max_clock_step_s: float = 2.0
    max_data_stall_s: float = 60.0


SIMULATED = Limits(
    max_open_usd=1e9, max_capital_usd=1e8, max_open_packages=10_000, max_orders_day=100_000
)
"""Of our own gateway, which trades all day: what is held there is nobody's money."""
