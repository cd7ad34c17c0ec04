"""The layouts of an order on the wire: as a client places it, as the gateway shows it.

Each is a table of names; what a client sent is shown again under its name. Versions are those of
the session, 157 to 178. Source: IB's published clients, and messages of a real TWS quoted in the
tests of others (docs/GATEWAY.md says which counts were compared).
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.gateway.fields import Fields
from engine.gateway.frames import UNSET_TEXT

_MOST_PAIRS = 100
_UNSET_INT = "2147483647"

_PLACED_HEAD = (
    "secIdType", "secId", "action", "totalQuantity", "orderType", "lmtPrice", "auxPrice", "tif",
    "ocaGroup", "account", "openClose", "origin", "orderRef", "transmit", "parentId",
    "blockOrder", "sweepToFill", "displaySize", "triggerMethod", "outsideRth", "hidden",
)  # fmt: skip
_PLACED_ALLOCATION = (
    "", "discretionaryAmt", "goodAfterTime", "goodTillDate", "faGroup", "faMethod", "faPercentage",
)  # fmt: skip
_PLACED_MIDDLE = (
    "modelCode", "shortSaleSlot", "designatedLocation", "exemptCode", "ocaType", "rule80A",
    "settlingFirm", "allOrNone", "minQty", "percentOffset", "eTradeOnly", "firmQuoteOnly",
    "nbboPriceCap", "auctionStrategy", "startingPrice", "stockRefPrice", "delta",
    "stockRangeLower", "stockRangeUpper", "overridePercentageConstraints", "volatility",
    "volatilityType", "deltaNeutralOrderType", "deltaNeutralAuxPrice",
)  # fmt: skip
_PLACED_TRAIL = (
    "continuousUpdate", "referencePriceType", "trailStopPrice", "trailingPercent",
    "scaleInitLevelSize", "scaleSubsLevelSize", "scalePriceIncrement",
)  # fmt: skip
_PLACED_ALGO = (
    "algoId", "whatIf", "orderMiscOptions", "solicited", "randomizeSize", "randomizePrice",
)  # fmt: skip
_PLACED_END = (
    "adjustedOrderType", "triggerPrice", "lmtPriceOffset", "adjustedStopPrice",
    "adjustedStopLimitPrice", "adjustedTrailingAmount", "adjustableTrailingUnit", "extOperator",
    "softDollarName", "softDollarValue", "cashQty", "mifid2DecisionMaker", "mifid2DecisionAlgo",
    "mifid2ExecutionTrader", "mifid2ExecutionAlgo", "dontUseAutoPriceForHedge",
    "isOmsContainer", "discretionaryUpToLimitPrice", "usePriceMgmtAlgo",
)  # fmt: skip
# Fields of a condition after its type: price, time, margin, execution, volume, percent change.
_CONDITIONS = {1: 6, 3: 3, 4: 3, 5: 4, 6: 5, 7: 5}


def read_placed_head(fields: Fields) -> dict[str, str]:
    """Read what stands before the legs of a combo."""
    return {name: fields.text() for name in _PLACED_HEAD}


def read_placed_prices(fields: Fields) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Read the prices and routing parameters that follow a combo's legs."""
    prices = tuple(fields.text() for _ in range(fields.count(_MOST_PAIRS)))
    return prices, _pairs(fields, fields.count(_MOST_PAIRS))


def read_placed_rest(fields: Fields, raw: dict[str, str], version: int, exchange: str) -> None:
    """Read what follows the legs into `raw`, to the last field.

    Raises
    ------
    RequestError
        If there is too little or too much of it.
    """
    _read(fields, raw, _PLACED_ALLOCATION)
    if version < 177:
        fields.text()  # faProfile
    _read(fields, raw, _PLACED_MIDDLE)
    if raw["deltaNeutralOrderType"]:
        _skip(fields, 8)
    _read(fields, raw, _PLACED_TRAIL)
    if _is_positive(raw["scalePriceIncrement"]):
        _skip(fields, 7)
    _skip(fields, 3)  # scaleTable, activeStartTime, activeStopTime
    raw["hedgeType"] = fields.text()
    if raw["hedgeType"]:
        raw["hedgeParam"] = fields.text()
    _read(fields, raw, ("optOutSmartRouting", "clearingAccount", "clearingIntent", "notHeld"))
    if fields.flag():
        _skip(fields, 3)
    raw["algoStrategy"] = fields.text()
    if raw["algoStrategy"]:
        _pairs(fields, fields.count(_MOST_PAIRS))
    _read(fields, raw, _PLACED_ALGO)
    order_type = raw["orderType"].replace(" ", "")
    if order_type == "PEGBENCH":
        _skip(fields, 5)
    _read_conditions(fields, raw)
    _read(fields, raw, _PLACED_END)
    later = ((158, "duration"), (160, "postToAts"), (162, "autoCancelParent"))
    last = ((166, "advancedErrorOverride"), (169, "manualOrderTime"))
    for since, name in (*later, *last):
        if version >= since:
            raw[name] = fields.text()
    if version >= 170:
        if exchange == "IBKRATS":
            raw["minTradeQty"] = fields.text()
        if order_type == "PEGBEST":
            _read(fields, raw, ("minCompeteSize", "competeAgainstBestOffset"))
            if raw["competeAgainstBestOffset"] in ("Infinity", "Infinite", "inf"):
                _read(fields, raw, ("midOffsetAtWhole", "midOffsetAtHalf"))
        elif order_type == "PEGMID":
            _read(fields, raw, ("midOffsetAtWhole", "midOffsetAtHalf"))
    if fields.left:
        raise fields.refused(f"{fields.left} fields too many")


def _read(fields: Fields, raw: dict[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        raw[name] = fields.text()


def _skip(fields: Fields, count: int) -> None:
    for _ in range(count):
        fields.text()


def _pairs(fields: Fields, count: int) -> tuple[tuple[str, str], ...]:
    return tuple((fields.text(), fields.text()) for _ in range(count))


def _read_conditions(fields: Fields, raw: dict[str, str]) -> None:
    count = fields.count(_MOST_PAIRS)
    for _ in range(count):
        kind = fields.integer()
        if kind not in _CONDITIONS:
            raise fields.refused(f"a condition of type {kind}")
        _skip(fields, _CONDITIONS[kind] + 1)
    if count:
        _skip(fields, 2)
        raw["conditions"] = str(count)


def _is_positive(value: str) -> bool:
    try:
        return 0.0 < float(value or 0.0) < 1e300
    except ValueError:
        return False


_SHOWN_MIDDLE = (
    ("rule80A", ""), ("percentOffset", ""), ("settlingFirm", ""), ("shortSaleSlot", "0"),
    ("designatedLocation", ""), ("exemptCode", "-1"),
)  # fmt: skip
_SHOWN_PRICES = (
    ("startingPrice", ""), ("stockRefPrice", ""), ("delta", ""), ("stockRangeLower", ""),
    ("stockRangeUpper", ""), ("displaySize", _UNSET_INT),
)  # fmt: skip
_SHOWN_SCALE = (
    ("scaleInitLevelSize", _UNSET_INT), ("scaleSubsLevelSize", _UNSET_INT),
)  # fmt: skip
_SHOWN_ADJUSTED = (
    ("adjustedOrderType", "None"), ("triggerPrice", UNSET_TEXT), ("trailStopPrice", UNSET_TEXT),
    ("lmtPriceOffset", UNSET_TEXT), ("adjustedStopPrice", UNSET_TEXT),
    ("adjustedStopLimitPrice", UNSET_TEXT), ("adjustedTrailingAmount", UNSET_TEXT),
    ("adjustableTrailingUnit", "0"), ("softDollarName", ""), ("softDollarValue", ""),
    ("softDollarDisplay", ""), ("cashQty", "0"), ("dontUseAutoPriceForHedge", "0"),
    ("isOmsContainer", "0"), ("discretionaryUpToLimitPrice", "0"), ("usePriceMgmtAlgo", "0"),
)  # fmt: skip
_SHOWN_PEGGED = (
    ("minTradeQty", ""), ("minCompeteSize", ""), ("competeAgainstBestOffset", ""),
    ("midOffsetAtWhole", ""), ("midOffsetAtHalf", ""),
)  # fmt: skip

Raw = Mapping[str, str]


def shown(raw: Raw, names: tuple[tuple[str, str], ...]) -> list[str]:
    """Return the fields of `names` as the client sent them, the defaults where it did not."""
    return [_one(raw, name, default) for name, default in names]


def _one(raw: Raw, name: str, default: str) -> str:
    value = raw.get(name, "")
    return default if value in ("", UNSET_TEXT, "1.7976931348623157e+308") else value


def shown_head(raw: Raw, *, is_completed: bool, version: int) -> list[str]:
    """Return the fields from ``discretionaryAmt`` to the one before ``displaySize``'s successor."""
    fields = [_one(raw, "discretionaryAmt", "0"), _one(raw, "goodAfterTime", "")]
    if not is_completed:
        fields.append("")  # sharesAllocation
    fields += ["", "", ""]  # faGroup, faMethod, faPercentage
    if version < 177:
        fields.append("")  # faProfile
    fields += [_one(raw, "modelCode", ""), _one(raw, "goodTillDate", "")]
    fields += shown(raw, _SHOWN_MIDDLE)
    if not is_completed:
        fields.append("0")  # auctionStrategy
    fields += shown(raw, _SHOWN_PRICES)
    if not is_completed:
        fields.append("0")  # blockOrder
    fields += [_one(raw, "sweepToFill", "0"), _one(raw, "allOrNone", "0")]
    fields += [_one(raw, "minQty", _UNSET_INT), _one(raw, "ocaType", "3")]
    if not is_completed:
        fields += ["0", "0", "", _one(raw, "parentId", "0")]  # eTradeOnly, firmQuoteOnly, nbboCap
    fields += [_one(raw, "triggerMethod", "0"), "", "0"]  # volatility and its type
    # A real TWS writes None here, and its clients then read the block that follows.
    fields += ["None", ""]
    fields += ["0", "0", "0", ""] if is_completed else ["0", "", "", "", "?", "0", "0", ""]
    fields += ["0", "0", _one(raw, "trailStopPrice", ""), _one(raw, "trailingPercent", "")]
    if not is_completed:
        fields += ["", ""]  # basisPoints and their type
    return fields


def shown_routing(raw: Raw, *, is_completed: bool) -> list[str]:
    """Return the fields from the scale to the algorithm."""
    fields = [*shown(raw, _SHOWN_SCALE), "", ""]  # no increment, no hedge
    if not is_completed:
        fields.append(_one(raw, "optOutSmartRouting", "0"))
    fields += [_one(raw, "clearingAccount", ""), _one(raw, "clearingIntent", "IB")]
    fields += [_one(raw, "notHeld", "0"), "0", ""]  # no delta-neutral contract, no algorithm
    fields.append(_one(raw, "solicited", "0"))
    return fields


def shown_tail(raw: Raw, version: int) -> list[str]:
    """Return the last fields of openOrder."""
    fields = shown(raw, _SHOWN_ADJUSTED)
    if version >= 158:
        fields.append(_one(raw, "duration", _UNSET_INT))
    if version >= 160:
        fields.append(_one(raw, "postToAts", _UNSET_INT))
    if version >= 162:
        fields.append(_one(raw, "autoCancelParent", "0"))
    return fields + shown_pegged(raw, version)


def shown_pegged(raw: Raw, version: int) -> list[str]:
    """Return the five fields of pegged orders, from version 170 on."""
    return shown(raw, _SHOWN_PEGGED) if version >= 170 else []
