"""From what was said at a door, over what a file says, over defaults, to one `Request`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.config import FAMILIES, SYNTHETIC_PROFILES, Gates, ScanSettings
from engine.errors import ConfigurationError, UsageError
from engine.feeds.protocol import FeedOptions
from engine.market.carry import Carry
from engine.scanner.survey import Request
from engine.settings import values
from engine.settings.overrides import CarryOverrides
from engine.settings.table import BY_NAME

if TYPE_CHECKING:
    from engine.settings.config_file import FileConfig

Said = Mapping[str, Any]
# Of ScanSettings, settings that are called the same.
_SAME = (
    "profile", "top", "near_misses", "capital", "show_carry", "find_carry", "fill_time",
    "leg_gap", "vol", "assume_synchronous",
)  # fmt: skip


def request_of(
    said: Said,
    config: FileConfig | None = None,
    *,
    source: str = "",
    symbols: tuple[str, ...] = (),
    carry: Carry | None = None,
    n_seeds: int = 0,
    shown: Callable[[str], str] = str,
) -> Request:
    """Return the request that what was `said` and `config`, if there is one, make together.

    `said` has what was read, by the names of the settings; what is not in it was not said. `carry`
    stands for all of rates, dividends and borrow; `shown` is what the door calls a setting.

    Raises
    ------
    UsageError
        If what was said does not fit together.
    ConfigurationError
        If it and the file do not (lending above borrowing).
    """
    moment = one(said, config, "as_of")
    in_file = config.scan if config else {}
    return Request(
        source=source or in_file.get("source", "demo"),
        symbols=symbols or tuple(in_file.get("symbols", ())),
        settings=_settings(said, config, shown),
        overrides=_overrides(said, config, carry, shown),
        fees=said.get("fees", config.fees if config else None),
        as_of_ns=None if moment == "all" else moment,
        is_every_snapshot=moment == "all",
        feed=feed_options(said, config),
        n_seeds=n_seeds,
    )


def feed_options(said: Said, config: FileConfig | None = None) -> FeedOptions:
    """Return how the source is to be read; without the instant, which the request has."""
    return FeedOptions(
        strict=one(said, config, "strict", False),
        mapping=one(said, config, "mapping"),
        seed=one(said, config, "seed"),
        kinds=one(said, config, "kind", {}),
        max_bytes=one(said, config, "max_input", 0),
        layout=one(said, config, "layout", ""),
        decimal=one(said, config, "decimal", ""),
        delimiter=one(said, config, "delimiter", ""),
        rows=one(said, config, "rows", ""),
        window=one(said, config, "window", 0.0),
    )


def one(said: Said, config: FileConfig | None, name: str, default: Any = None) -> Any:
    """Return a setting as it was said, else as the file has it, else `default`."""
    if name in said:
        return said[name]
    key = BY_NAME[name].scan_key
    return config.scan.get(key, default) if config and key else default


def _settings(said: Said, config: FileConfig | None, shown: Callable[[str], str]) -> ScanSettings:
    base = ScanSettings()
    limits = {**(config.gates if config else {}), **said.get("gates", {})}
    limits.update({name: said[name] for name in ("min_edge", "min_edge_usd") if name in said})
    same = {name: one(said, config, name, getattr(base, name)) for name in _SAME}
    if same["show_carry"] and not same["find_carry"]:
        raise UsageError(
            f"{shown('show_carry')} lists CARRY rows and {shown('find_carry')} is false, which "
            "looks for none: leave one out"
        )
    families = one(said, config, "families")
    if families is None:
        # A profile that orders synthetics asks for them.
        families = FAMILIES if same["profile"] in SYNTHETIC_PROFILES else base.families
    return replace(base, gates=Gates(**limits), families=families, **same)


def _overrides(
    said: Said, config: FileConfig | None, carry: Carry | None, shown: Callable[[str], str]
) -> CarryOverrides:
    in_file = config.overrides if config else CarryOverrides()
    if carry is not None:
        parts = [name for name in ("rates", "dividends", "borrow") if name in said]
        if parts:
            raise UsageError("give either carry, or rates, dividends and borrow")
        return _checked(CarryOverrides.of(carry), "carry")
    rates: values.GivenRates = said.get("rates", values.GivenRates())
    if not said.get("allow_negative_rates", False):
        try:
            rates.check()
        except ValueError as error:
            raise UsageError(f"{shown('rates')}: {error}") from None
    own = CarryOverrides(
        lend=rates.lend,
        borrow=rates.borrow,
        rates_as_of_ns=rates.as_of_ns,
        withholding=said.get("withholding"),
        dividends=said.get("dividends", {}),
        borrow_fee=said.get("borrow", {}),
        shortable=said.get("shortable", {}),
        index_yield=said.get("index_yield", {}),
    )
    both = in_file.under(own) if config else own
    if own.has_rates or config is None:
        return _checked(both, shown("rates"))
    try:
        return both.checked()
    except ValueError as error:
        raise ConfigurationError(f"{config.path}: [rates]: {error}") from None


def _checked(overrides: CarryOverrides, name: str) -> CarryOverrides:
    try:
        return overrides.checked()
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None
