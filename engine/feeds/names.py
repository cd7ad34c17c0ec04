"""What a symbol is, as far as its name says: a share, an index or a coin.

Vendors write an index in their own way: ``^SPX`` (Yahoo), ``$SPX`` and ``$SPX.X`` (Schwab, TDA),
``I:SPX`` (Polygon), ``_SPX`` (Cboe), ``.SPX`` (Reuters), ``SPX:IND`` (Bloomberg).
"""

from __future__ import annotations

import re

from engine.market.chain import AMERICAN, COIN, EQUITY, EUROPEAN, INDEX

# Cboe and Nasdaq index options. The monthly class of these settles on the opening prices of the
# third Friday; their weekly classes, and every other index, settle at the close.
AM_MONTHLY = {"SPX": "SPXW", "NDX": "NDXP", "RUT": "RUTW", "DJX": "DJX"}
AM_ALWAYS = frozenset({"VIX", "VIXW"})
PM_INDICES = frozenset(
    {"SPXW", "NDXP", "RUTW", "XSP", "XND", "MRUT", "OEX", "XEO"}
)  # fmt: skip
# Further indices with options, or of which options are often asked for; none is a share's ticker.
OTHER_INDICES = frozenset((
    "BANKNIFTY", "BKX", "BXM", "CBTX", "DJI", "DJT", "DJU", "ESTX50", "FINNIFTY", "FVX", "GVZ",
    "HGX", "HSI", "IRX", "IXIC", "KS200", "MBTX", "MIDCPNIFTY", "MNX", "MXACW", "MXEA", "MXEF",
    "MXUSA", "MXWLD", "NANOS", "NIFTY", "NIFTYNXT50", "NKY", "NQX", "NYA", "OSX", "OVX", "RLG",
    "RLV", "RUA", "RUI", "RVX", "SENSEX", "SIXB", "SIXC", "SIXE", "SIXI", "SIXM", "SIXR",
    "SIXRE", "SIXT", "SIXU", "SIXV", "SIXY", "SOX", "SPEQX", "SPESG", "SPIKE", "SX5E", "TNX",
    "TYX", "UKX", "UTY", "VIX1D", "VIX3M", "VIX6M", "VIX9D", "VOLQ", "VVIX", "VXD", "VXN",
    "XAU", "XDA", "XDB", "XDC", "XDE", "XDN", "XDS", "XDZ",
))  # fmt: skip
INDICES = frozenset(AM_MONTHLY) | AM_ALWAYS | PM_INDICES | OTHER_INDICES
AMERICAN_INDICES = frozenset({"OEX"})

# Deribit's coin-settled underlyings; its other coins have linear contracts only. BTC and ETH are
# also the tickers of listed funds with options of 100 shares: the name alone says nothing.
INVERSE_COINS = frozenset({"BTC", "ETH"})
# What linear options on coins are settled in.
_COIN_DOLLARS = frozenset({"USDC", "USDT"})

SHARE = "share"
KINDS = {SHARE: EQUITY, "index": INDEX, "coin": COIN}

_INDEX_NAME = re.compile(r"(?:\^|\$|I:|_|\.)([A-Z0-9][A-Z0-9.]*?)(?:\.X)?|([A-Z0-9]+):IND")


def plain_name(symbol: str) -> str:
    """Return a symbol in capitals, without what a vendor marks an index with.

    >>> [plain_name(name) for name in ("^SPX", "$SPX.X", "I:SPX", "_spx", ".SPX", "BRK.B")]
    ['SPX', 'SPX', 'SPX', 'SPX', 'SPX', 'BRK.B']
    """
    name = symbol.strip().upper()
    found = _INDEX_NAME.fullmatch(name)
    return found[1] or found[2] if found else name


def kind_of(symbol: str) -> str:
    """Return EQUITY or INDEX for a symbol of which nothing but its plain name is known."""
    return INDEX if symbol in INDICES else EQUITY


def kind_by(symbol: str, said: str, currency: str, style: str, multiplier: float) -> str:
    """Return what an underlying is: what is `said` of it, else what the columns and name say.

    A coin is one only where the file says so: by a currency that is a coin's, or by contracts of
    one coin. What has European options and no name that we know is not taken for a share.
    """
    if said:
        return KINDS[said]
    if symbol in INDICES:
        return INDEX
    if symbol in INVERSE_COINS:
        is_of_coins = currency in (symbol, *_COIN_DOLLARS) or (not currency and multiplier == 1.0)
        return COIN if is_of_coins else EQUITY
    return INDEX if style == EUROPEAN else EQUITY


def style_by(symbol: str, said: str) -> str:
    """Return the exercise style a symbol's listed options have where a file does not say."""
    kind = KINDS[said] if said else kind_of(symbol)
    if symbol in INDICES or kind != EQUITY:
        return AMERICAN if symbol in AMERICAN_INDICES else EUROPEAN
    return AMERICAN
