"""The scan of one chain, all steps at once.

Pure and synchronous: no I/O, no time but the clock it is given.
"""

from __future__ import annotations

from engine.backend import Backend
from engine.clock import SYSTEM, Clock
from engine.config import ScanSettings
from engine.market.chain import OptionChain
from engine.scanner.scanner import Scanner
from engine.scoring.opportunity import ScanResult


def scan_chain(
    chain: OptionChain,
    settings: ScanSettings,
    backend: Backend,
    clock: Clock = SYSTEM,
    *,
    needs_orders: bool = True,
) -> ScanResult:
    """Return every executable arbitrage of `chain`, proven and ranked, and why not the others.

    Pure but for durations taken from `clock`. O(rows x expiries + candidates). Who scans the same
    underlying again keeps a `Scanner`. `needs_orders` is said to `Scanner.scan`.
    """
    scanner = Scanner(settings, backend, clock)
    result = scanner.scan(chain, needs_orders=needs_orders)
    scanner.close()
    return result
