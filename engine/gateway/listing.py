"""What can be traded, by contract id: and what a request for a contract means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.gateway.fields import Fields

BAG = "BAG"
BAG_CON_ID = 28812380
_FIRST_CON_ID = 700_000_001
EXCHANGE = "SMART"
_MOST_LEGS = 8


class Instrument(Protocol):
    """What a market says of one thing that it quotes; see `engine.feeds.demo_market`."""

    @property
    def index(self) -> int: ...  # noqa: D102
    @property
    def symbol(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def underlying(self) -> int: ...  # noqa: D102
    @property
    def settles_ns(self) -> int: ...  # noqa: D102
    @property
    def expiry(self) -> str: ...  # noqa: D102
    @property
    def settlement(self) -> str: ...  # noqa: D102
    @property
    def trading_class(self) -> str: ...  # noqa: D102
    @property
    def strike(self) -> float: ...  # noqa: D102
    @property
    def right(self) -> str: ...  # noqa: D102
    @property
    def multiplier(self) -> float: ...  # noqa: D102
    @property
    def style(self) -> str: ...  # noqa: D102
    @property
    def ticks(self) -> tuple[int, int]: ...  # noqa: D102
    @property
    def tick_change(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a combo as the client wrote it."""

    con_id: int
    ratio: int
    action: str
    exchange: str = EXCHANGE
    open_close: str = "0"
    short_sale_slot: str = "0"
    location: str = ""
    exempt_code: str = "-1"


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as it stands in a message; empty and 0 are not given."""

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    expiry: str = ""
    strike: float = 0.0
    right: str = ""
    multiplier: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    legs: tuple[Leg, ...] = ()

    @classmethod
    def read(cls, fields: Fields) -> Contract:
        """Read the twelve fields that a client writes."""
        return cls(
            con_id=fields.integer(),
            symbol=fields.text(),
            sec_type=fields.text(),
            expiry=fields.text(),
            strike=fields.number(0.0),
            right=fields.text(),
            multiplier=fields.text(),
            exchange=fields.text(),
            primary_exchange=fields.text(),
            currency=fields.text(),
            local_symbol=fields.text(),
            trading_class=fields.text(),
        )

    def short(self, *, no_right: str = "") -> tuple[object, ...]:
        """Return the eleven fields of a contract in the gateway's messages."""
        return (
            self.con_id, self.symbol, self.sec_type, self.expiry, self.strike,
            self.right or no_right, self.multiplier, self.exchange, self.currency,
            self.local_symbol, self.trading_class,
        )  # fmt: skip


def read_legs(fields: Fields, *, is_order: bool) -> tuple[Leg, ...]:
    """Read the legs of a combo; those of an order have four more fields each."""
    legs = []
    for _ in range(fields.count(_MOST_LEGS)):
        leg = (fields.integer(), fields.integer(), fields.text().upper(), fields.text())
        if is_order:
            legs.append(Leg(*leg, fields.text(), fields.text(), fields.text(), fields.text()))
        else:
            legs.append(Leg(*leg))
    return tuple(legs)


class Listing:
    """All instruments with their contract ids, which are the same for the same market."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self.instruments = instruments
        self.contracts = [self._contract(instrument) for instrument in instruments]
        self._by_symbol: dict[str, list[int]] = {}
        for instrument in instruments:
            self._by_symbol.setdefault(instrument.symbol, []).append(instrument.index)

    def symbols(self) -> list[str]:
        """Return the symbols, in order."""
        return list(self._by_symbol)

    def by_con_id(self, con_id: int) -> int:
        """Return the index of the instrument with `con_id`, -1 if there is none."""
        index = con_id - _FIRST_CON_ID
        return index if 0 <= index < len(self.instruments) else -1

    def of_symbol(self, symbol: str) -> Iterable[int]:
        """Return the instruments of an underlying, itself first."""
        return self._by_symbol.get(symbol, ())

    def options(self, symbol: str) -> list[Instrument]:
        """Return the options of an underlying."""
        return [self.instruments[i] for i in self.of_symbol(symbol) if self.instruments[i].right]

    def matching(self, asked: Contract) -> list[int]:
        """Return the instruments that `asked` may mean, in order."""
        if asked.con_id:
            index = self.by_con_id(asked.con_id)
            return [index] if index >= 0 else []
        if asked.symbol:
            candidates = self.of_symbol(asked.symbol)
        elif asked.local_symbol:
            candidates = range(len(self.contracts))
        else:
            return []
        return [i for i in candidates if self._fits(self.contracts[i], asked)]

    @staticmethod
    def _fits(contract: Contract, asked: Contract) -> bool:
        return (
            asked.sec_type in ("", contract.sec_type)
            and asked.currency in ("", contract.currency)
            and asked.exchange in ("", EXCHANGE, "CBOE", "ISLAND", "NYSE", "NASDAQ")
            and asked.local_symbol in ("", contract.local_symbol)
            and asked.trading_class in ("", contract.trading_class)
            and asked.right[:1] in ("", "0", "?", contract.right)
            and contract.expiry.startswith(asked.expiry)
            and asked.multiplier in ("", contract.multiplier)
            and (asked.strike <= 0.0 or abs(asked.strike - contract.strike) < 1e-9)
        )

    @staticmethod
    def _contract(instrument: Instrument) -> Contract:
        is_option = instrument.right != ""
        local = instrument.symbol
        if is_option:
            thousandths = round(instrument.strike * 1000.0)
            series = instrument.trading_class.ljust(6) + instrument.expiry[2:]
            local = f"{series}{instrument.right}{thousandths:08d}"
        return Contract(
            con_id=_FIRST_CON_ID + instrument.index,
            symbol=instrument.symbol,
            sec_type=instrument.kind,
            expiry=instrument.expiry,
            strike=instrument.strike,
            right=instrument.right,
            multiplier=f"{instrument.multiplier:g}" if is_option else "",
            exchange="CBOE" if instrument.kind == "IND" else EXCHANGE,
            primary_exchange="" if is_option or instrument.kind == "IND" else "NASDAQ",
            currency="USD",
            local_symbol=local,
            trading_class=instrument.trading_class if is_option else "NMS",
        )
