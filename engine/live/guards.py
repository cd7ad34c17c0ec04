"""What stands between a typing error and live money. Paper is the default; nothing turns this off.

Live money needs all of: ``--live``; ``--broker ib``; exactly one account under ``[live] accounts``;
the limits of `NEEDED` under ``[limits]`` in the file; that a person typed the phrase, or set the
environment variable to the account; and a gateway that manages this account and no other. An
account that does not begin with ``DU`` is live money whatever was said, and so is one behind the
ports that TWS and IB Gateway use for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.errors import NotPermittedError
from engine.settings.live import LIVE_PORTS, LiveSettings

PAPER_PREFIX = "DU"
ACKNOWLEDGEMENT = "PARITY_LIVE_ACK"
NEEDED = ("max_lots", "max_order_usd", "max_open_packages", "max_day_loss_usd")
"""Limits that a file must say for live money: nobody should risk a default."""


def is_paper_account(account: str) -> bool:
    """Tell whether an account is one of IB's for paper trading."""
    return account.startswith(PAPER_PREFIX)


def phrase(account: str) -> str:
    """Return what a person types to trade live money."""
    return f"trade {account} with live money"


def acknowledged(
    settings: LiveSettings, environ: Mapping[str, str], ask: Callable[[str], str] | None = None
) -> bool:
    """Tell whether a person has said that the account is to be traded with live money.

    `ask` shows a text at a terminal and returns what is typed; None where there is no terminal.
    What was typed or set is compared and forgotten: it is in no message and no journal.
    """
    if len(settings.accounts) != 1:
        return False
    (account,) = settings.accounts
    if ACKNOWLEDGEMENT in environ:
        return environ[ACKNOWLEDGEMENT].strip() == account
    if ask is None:
        return False
    wanted = phrase(account)
    return ask(f"This is live money. To go on, type: {wanted}\n> ").strip() == wanted


def check_start(settings: LiveSettings, *, is_live: bool, is_acknowledged: bool) -> None:
    """Refuse what can be refused before anything connects.

    Raises
    ------
    NotPermittedError
        With one line that says what is missing.
    """
    why = "--live" if is_live else ""
    if settings.port in LIVE_PORTS:  # whatever broker is said to be behind it
        why = why or f"port {settings.port} is that of live money"
    if why:
        _refuse(why, _missing(settings, is_live=is_live, is_acknowledged=is_acknowledged))


def account_to_trade(
    settings: LiveSettings, managed: Sequence[str], *, is_live: bool, is_acknowledged: bool
) -> str:
    """Return the account to trade of those that the gateway manages.

    Raises
    ------
    NotPermittedError
        With one line that says what is missing.
    """
    accounts = tuple(account.strip() for account in managed if account.strip())
    if not accounts:
        raise NotPermittedError("the gateway manages no account: log in to TWS or IB Gateway")
    real = [account for account in accounts if not is_paper_account(account)]
    is_port_live = settings.port in LIVE_PORTS
    if real or is_live or is_port_live:
        why = f"{real[0]} is no paper account" if real else "--live"
        if not (real or is_live):
            why = f"port {settings.port} is that of live money"
        missing = _missing(settings, is_live=is_live, is_acknowledged=is_acknowledged)
        if accounts != settings.accounts:
            wanted = settings.accounts[0] if len(settings.accounts) == 1 else "one account alone"
            missing.append(f"a gateway that manages {wanted} (it manages {', '.join(accounts)})")
        _refuse(why, missing)
        return accounts[0]
    allowed = [one for one in accounts if not settings.accounts or one in settings.accounts]
    if len(allowed) == 1:
        return allowed[0]
    if not allowed:
        raise NotPermittedError(
            f"the gateway manages {', '.join(accounts)}, [live] accounts has "
            f"{', '.join(settings.accounts)}: log in with that one, or name another"
        )
    raise NotPermittedError(
        f"the gateway manages {', '.join(allowed)}: name the one to trade under [live] accounts"
    )


def _missing(settings: LiveSettings, *, is_live: bool, is_acknowledged: bool) -> list[str]:
    """Return in words what live money lacks, besides the gateway's own account."""
    missing = []
    if not is_live:
        missing.append("--live")
    if settings.broker != "ib":
        missing.append(f"--broker ib (it is {settings.broker})")
    n = len(settings.accounts)
    if n != 1:
        missing.append(f"exactly one account under [live] accounts (there are {n})")
    absent = [name for name in NEEDED if name not in settings.limits_in_file]
    if absent:
        missing.append(f"{', '.join(absent)} under [limits] in the file of --config")
    if not is_acknowledged:
        account = settings.accounts[0] if n == 1 else "the account"
        missing.append(f"the phrase typed at the terminal, or {ACKNOWLEDGEMENT} set to {account}")
    return missing


def _refuse(why: str, missing: list[str]) -> None:
    if missing:
        raise NotPermittedError(f"live money ({why}) needs also: {'; '.join(missing)}")
