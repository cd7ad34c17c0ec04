"""From flags and a configuration file to one `Request`: flag over file over source over default."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from engine.backend import NAMES
from engine.config import FAMILIES, SYNTHETIC_PROFILES, Gates, ScanSettings
from engine.errors import ConfigurationError, UsageError
from engine.feeds.protocol import FeedOptions
from engine.market.fees import FeeSchedule
from engine.nearest import hint
from engine.scanner.survey import Request
from engine.settings import spelling
from engine.settings.overrides import CarryOverrides

if TYPE_CHECKING:
    from engine.settings.config_file import FileConfig

_T = TypeVar("_T")


def build(args: argparse.Namespace, config: FileConfig | None) -> Request:
    """Return the request that `args` and `config`, if there is one, make together.

    Raises
    ------
    UsageError
        If a flag has a value that means nothing.
    ConfigurationError
        If flags and file together do not fit (lending above borrowing).
    """
    said = _said(config)
    moment = _either(args.as_of, said, "as_of", None)
    symbols = tuple(args.symbols) or tuple(said.get("symbols", ()))
    return Request(
        source=_either(args.source, said, "source", "demo"),
        symbols=symbols,
        settings=_settings(args, config),
        overrides=_overrides(args, config),
        fees=_fees(args, config),
        as_of_ns=None if moment == "all" else moment,
        is_every_snapshot=moment == "all",
        feed=FeedOptions(
            strict=_either(args.strict, said, "strict", False),
            mapping=dict(args.map) if args.map else said.get("map"),
            seed=_either(args.seed, said, "seed", None),
        ),
        n_seeds=(args.seeds or 1) if args.audit else 0,
    )


def backend_name(args: argparse.Namespace, config: FileConfig | None) -> str | None:
    """Return the backend asked for by flag or file; None leaves it to ENGINE_BACKEND, then auto.

    Raises
    ------
    UsageError
        If no backend is called like the flag.
    """
    if args.backend is not None and args.backend not in NAMES:
        meant = hint(args.backend, NAMES)
        raise UsageError(f"--backend: unknown backend {args.backend!r}: {meant}")
    name: str | None = _either(args.backend, _said(config), "backend", None)
    return name


def jobs(args: argparse.Namespace, config: FileConfig | None) -> int:
    """Return how many worker processes; 0 is one per core."""
    n_jobs: int = _either(args.jobs, _said(config), "jobs", 1)
    return n_jobs


def fails_when_empty(args: argparse.Namespace, config: FileConfig | None) -> bool:
    """Return whether finding nothing is a failure."""
    is_failure: bool = _either(args.fail_empty, _said(config), "fail_empty", False)
    return is_failure


def _settings(args: argparse.Namespace, config: FileConfig | None) -> ScanSettings:
    said, base = _said(config), ScanSettings()
    limits = dict(config.gates) if config else {}
    for name, value in args.gate or ():
        limits[name] = _flag("--gate", value, partial(spelling.gate, name))
    for name in ("min_edge", "min_edge_usd"):
        if getattr(args, name) is not None:
            limits[name] = getattr(args, name)
    profile = _either(args.profile, said, "profile", base.profile)
    families = _either(args.families, said, "families", None)
    if families is None:
        # A profile that orders synthetics asks for them.
        families = FAMILIES if profile in SYNTHETIC_PROFILES else base.families
    return replace(
        base,
        gates=Gates(**limits),
        families=families,
        profile=profile,
        top=_either(args.top, said, "top", base.top),
        assume_synchronous=_either(args.assume_synchronous, said, "assume_synchronous", False),
        show_carry=_either(args.carry, said, "carry", False),
        fill_time=said.get("fill_time", base.fill_time),
        leg_gap=said.get("leg_gap", base.leg_gap),
        vol=said.get("vol", base.vol),
        near_misses=said.get("near_misses", base.near_misses),
    )


def _fees(args: argparse.Namespace, config: FileConfig | None) -> FeeSchedule | None:
    if args.fees is not None:
        from engine.settings import carry_input

        return _flag("--fees", args.fees, carry_input.fees)
    return config.fees if config else None


def _overrides(args: argparse.Namespace, config: FileConfig | None) -> CarryOverrides:
    in_file = config.overrides if config else CarryOverrides()
    if args.rates is None and args.dividends is None and args.borrow is None:
        flags = CarryOverrides()
    else:
        flags = _overrides_of_flags(args)
    try:
        return in_file.under(flags).checked()
    except ValueError as error:
        if flags.has_rates:
            raise UsageError(f"--rates: {error}") from None
        where = config.path if config else ""
        raise ConfigurationError(f"{where}: [rates]: {error}") from None


def _overrides_of_flags(args: argparse.Namespace) -> CarryOverrides:
    # Imported for those who give carry by flags; a plain scan starts without it.
    from engine.settings import carry_input

    def rates(text: str) -> tuple[carry_input.Curves, int]:
        return carry_input.rates(text, allow_negative=args.allow_negative_rates)

    (lend, borrow), as_of_ns = _flag("--rates", args.rates, rates) or ((None, None), 0)
    return CarryOverrides(
        lend=lend,
        borrow=borrow,
        rates_as_of_ns=as_of_ns,
        dividends=_flag("--dividends", args.dividends, carry_input.dividends) or {},
        borrow_fee=_flag("--borrow", args.borrow, carry_input.borrow) or {},
    )


def _flag(flag: str, text: str | None, convert: Callable[[str], _T]) -> _T | None:
    """Return ``convert(text)``, None where the flag was not given; `ValueError` names the flag."""
    if text is None:
        return None
    try:
        return convert(text)
    except ValueError as error:
        raise UsageError(f"{flag}: {error}") from None


def _said(config: FileConfig | None) -> Mapping[str, Any]:
    return config.scan if config else {}


def _either(flag: Any, said: Any, key: str, default: Any) -> Any:
    return flag if flag is not None else said.get(key, default)
