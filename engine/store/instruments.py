"""Instruments as rows. Their id is made from what they are, so that every store gives the same."""

from __future__ import annotations

import math
from hashlib import blake2b

from engine.market.contract import OPTION, Contract
from engine.store.protocol import Row

_LARGEST_ID = (1 << 63) - 1


def instrument_id(contract: Contract) -> int:
    """Return a positive number of 63 bits: a million instruments share one in 1 of 10 million."""
    text = f"{contract.kind}|{contract.symbol}|{contract.name}|{contract.currency}"
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") & _LARGEST_ID


def instrument_row(contract: Contract, style: str = "") -> Row:
    """Return the row of a contract in the table of instruments."""
    occ = None
    if contract.kind == OPTION:
        try:
            occ = contract.occ_symbol
        except ValueError:
            occ = None  # what the clearing house does not list has no symbol there
    broker = contract.exchange_id
    return (
        instrument_id(contract),
        contract.symbol,
        contract.kind,
        occ,
        int(broker) if broker.isascii() and broker.isdigit() and len(broker) < 19 else None,
        contract.right or None,
        contract.strike if math.isfinite(contract.strike) else None,
        contract.expiry.isoformat() if contract.expiry else None,
        contract.multiplier,
        contract.root,
        style,
        contract.currency,
    )
