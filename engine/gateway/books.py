"""What clients hear of accounts: values, portfolio, positions, summaries, profit and loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.gateway.account import Account
from engine.gateway.errors import VALIDATION, RequestError

if TYPE_CHECKING:
    from engine.gateway.gateway import Gateway
    from engine.gateway.session import Session

_SUMMARY_TAGS = (
    "AccountType", "NetLiquidation", "TotalCashValue", "SettledCash", "AccruedCash", "BuyingPower",
    "EquityWithLoanValue", "GrossPositionValue", "InitMarginReq", "MaintMarginReq",
    "AvailableFunds", "ExcessLiquidity", "Cushion", "FullInitMarginReq", "FullMaintMarginReq",
    "FullAvailableFunds", "FullExcessLiquidity", "UnrealizedPnL", "RealizedPnL",
)  # fmt: skip
# Tags that IB knows and these books have no figure for: always nothing.
_EMPTY_TAGS = (
    "PreviousEquityWithLoanValue", "PreviousDayEquityWithLoanValue", "RegTEquity", "RegTMargin",
    "SMA", "LookAheadNextChange", "LookAheadInitMarginReq", "LookAheadMaintMarginReq",
    "LookAheadAvailableFunds", "LookAheadExcessLiquidity", "HighestSeverity",
    "DayTradesRemaining", "DayTradesRemainingT+1", "DayTradesRemainingT+2",
    "DayTradesRemainingT+3", "DayTradesRemainingT+4", "Leverage",
)  # fmt: skip
_ALL_ACCOUNTS = ("", "All")


class Books:
    """The accounts as clients see them, and who has asked for what."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.day_start: dict[str, float] = {}

    def values(self, account: Account) -> list[tuple[str, str, str]]:
        """Return (tag, value, currency) of everything known of an account."""
        price = self.gateway.tape.value
        initial, maintenance, equity = account.margins(price)
        gross = math.fsum(
            abs(position.quantity) * price(i) * account.rows[i].multiplier
            for i, position in account.held().items()
        )
        stock = math.fsum(
            position.quantity * price(i)
            for i, position in account.held().items()
            if not account.rows[i].right
        )
        options = account.market_value(price) - stock
        cushion = (equity - maintenance) / equity if equity else 0.0
        amounts = {
            "NetLiquidation": equity, "TotalCashValue": account.cash,
            "SettledCash": account.cash, "AccruedCash": 0.0,
            "BuyingPower": 4.0 * (equity - initial),
            "EquityWithLoanValue": equity, "GrossPositionValue": gross,
            "InitMarginReq": initial, "MaintMarginReq": maintenance,
            "AvailableFunds": equity - initial, "ExcessLiquidity": equity - maintenance,
            "FullInitMarginReq": initial, "FullMaintMarginReq": maintenance,
            "FullAvailableFunds": equity - initial, "FullExcessLiquidity": equity - maintenance,
            "CashBalance": account.cash, "StockMarketValue": stock,
            "OptionMarketValue": options, "UnrealizedPnL": account.unrealized(price),
            "RealizedPnL": account.realized - account.commissions,
        }  # fmt: skip
        rows = [("AccountReady", "true", ""), ("AccountType", "INDIVIDUAL", "")]
        rows += [("Cushion", f"{cushion:.6f}", ""), ("Currency", "USD", "USD")]
        rows += [(tag, f"{amount:.2f}", "USD") for tag, amount in amounts.items()]
        return rows

    def account(self, name: str, about: int) -> Account:
        """Return the account called `name`; the only or first one for an empty name.

        Raises
        ------
        RequestError
            If there is none.
        """
        accounts = self.gateway.accounts
        if name in _ALL_ACCOUNTS:
            return next(iter(accounts.values()))
        if name not in accounts:
            raise RequestError(VALIDATION, f"Invalid account code {name[:20]!r}", about)
        return accounts[name]

    # asked for

    def send_positions(self, session: Session) -> None:
        """Send all positions of all accounts, and the end."""
        for account in self.gateway.accounts.values():
            for i in account.held():
                self._send_position(session, account, i)
        session.send(62, 1)

    def send_account(self, session: Session, name: str) -> None:
        """Send the values and the portfolio of an account, and the end."""
        account = self.account(name, -1)
        for tag, value, currency in self.values(account):
            session.send(6, 2, tag, value, currency, account.name)
        for i in account.held():
            self._send_portfolio(session, account, i)
        session.send(8, 1, self.gateway.stamp_text()[9:14])
        session.send(54, 1, account.name)

    def send_multi(self, session: Session, req_id: int, name: str) -> None:
        """Send the values of an account for one request, and the end."""
        self._send_values(session, req_id, self.account(name, req_id))
        session.send(74, 1, req_id)

    def send_summary(self, session: Session, req_id: int, tags: Sequence[str]) -> None:
        """Send the tags asked for of every account, and the end."""
        known = (*_SUMMARY_TAGS, *_EMPTY_TAGS)
        unknown = [tag for tag in tags if tag not in known and not tag.startswith("$LEDGER")]
        if unknown:
            raise RequestError(VALIDATION, f"Invalid tag {unknown[0][:30]!r}", req_id)
        for account in self.gateway.accounts.values():
            rows = {tag: (value, currency) for tag, value, currency in self.values(account)}
            for tag in tags:
                name = "CashBalance" if tag.startswith("$") else tag
                value, currency = rows.get(name, ("0", ""))
                session.send(63, 1, req_id, account.name, name, value, currency)
        session.send(64, 1, req_id)

    def send_pnl(self, session: Session, req_id: int, name: str, index: int) -> None:
        """Send profit and loss of an account, or of one position (`index` >= 0)."""
        account = self.account(name, req_id)
        price = self.gateway.tape.value
        if index < 0:
            equity = account.cash + account.market_value(price)
            daily = equity - self.day_start.get(account.name, equity)
            unrealized = account.unrealized(price)
            realized = account.realized - account.commissions
            session.send(94, req_id, round(daily, 2), round(unrealized, 2), round(realized, 2))
            return
        position = account.positions.get(index)
        held = position.quantity if position else 0
        multiplier = account.rows[index].multiplier
        cost = position.cost if position else 0.0
        realized = position.realized if position else 0.0
        value = held * price(index) * multiplier
        unrealized = held * (price(index) - cost) * multiplier
        session.send(
            95, req_id, held, round(unrealized, 2), round(unrealized, 2), round(realized, 2),
            round(value, 2),
        )  # fmt: skip

    # happens

    def moved(self, name: str, instruments: Sequence[int]) -> None:
        """Tell who has subscribed that positions and values of an account are others."""
        account = self.gateway.accounts[name]
        changed = [i for i in dict.fromkeys(instruments) if i >= 0]
        for session in list(self.gateway.clients.values()):
            if session.wants_account == name:
                for i in changed:
                    self._send_portfolio(session, account, i)
                for tag, value, currency in self.values(account):
                    session.send(6, 2, tag, value, currency, account.name)
            if session.wants_positions:
                for i in changed:
                    self._send_position(session, account, i)
            for req_id, asked in session.multi.items():
                if asked in (name, *_ALL_ACCOUNTS):
                    self._send_values(session, req_id, account)
            for req_id, tags in session.summaries.items():
                self.send_summary(session, req_id, tags)
            for req_id, (asked, index) in session.pnl.items():
                if asked in (name, *_ALL_ACCOUNTS):
                    self.send_pnl(session, req_id, name, index)

    def begin_day(self) -> None:
        """Remember what the accounts are worth as the day begins."""
        for name, account in self.gateway.accounts.items():
            self.day_start[name] = account.cash + account.market_value(self.gateway.tape.value)

    def _send_values(self, session: Session, req_id: int, account: Account) -> None:
        for tag, value, currency in self.values(account):
            session.send(73, 1, req_id, account.name, "", tag, value, currency)

    def _send_position(self, session: Session, account: Account, i: int) -> None:
        contract = self.gateway.listing.contracts[i]
        position = account.positions[i]
        cost = position.cost * account.rows[i].multiplier if position.quantity else 0.0
        session.send(61, 3, account.name, *contract.short(), position.quantity, round(cost, 8))

    def _send_portfolio(self, session: Session, account: Account, i: int) -> None:
        contract, position = self.gateway.listing.contracts[i], account.positions[i]
        multiplier = account.rows[i].multiplier
        price = self.gateway.tape.value(i)
        value = position.quantity * price * multiplier
        unrealized = position.quantity * (price - position.cost) * multiplier
        session.send(
            7, 8, contract.con_id, contract.symbol, contract.sec_type, contract.expiry,
            contract.strike, contract.right or "0", contract.multiplier,
            contract.primary_exchange, contract.currency, contract.local_symbol,
            contract.trading_class, position.quantity, round(price, 6), round(value, 2),
            round(position.cost * multiplier, 8) if position.quantity else 0.0,
            round(unrealized, 2), round(position.realized, 2), account.name,
        )  # fmt: skip
