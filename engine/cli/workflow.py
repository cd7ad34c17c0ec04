"""``workflow``: a strategy step by step, each a gate that can fail: quick, days, check, paper.

Exit codes: 0 every gate is passed, 1 a gate is not (the table says which, and why), 70 where paper
and backtest part. What cannot be run ends with the code of its own error.
"""

from __future__ import annotations

import argparse
import json
import math
from typing import TYPE_CHECKING

from engine.cli import backtest_arguments
from engine.cli.paper_strategies import print_text
from engine.cli.typed import count, typed
from engine.errors import OK, VERIFIER_MISMATCH

if TYPE_CHECKING:
    from engine.cli.workflow_gates import Gate

NOT_PASSED = 1
STEPS = ("quick", "days", "check", "paper")

parameter_words = backtest_arguments.parameter_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `workflow` to `parser`."""
    parser.description = (
        f"{parser.description}\n\n"
        "  quick   30 days, five sets of parameters each: does it run, and does it trade?\n"
        "          (of daily bars 720)\n"
        "  days    all days asked for: is it worth something, and how deep does it fall?\n"
        "  check   does it know the future? (`parity backtest check`)\n"
        "  paper   on paper over the last days, or over --session: the same trades, how deep?\n\n"
        "A gate that is not passed ends it with code 1; 70 where paper and backtest part."
    )
    backtest_arguments.add_strategies(parser)
    add = parser.add_argument_group("gates").add_argument
    add("--min-trades", type=typed(count), default=5, metavar="N", help="of quick and days (5)")
    add("--min-sharpe", type=typed(number), default=0.0, metavar="X", help="of days, a year (0)")
    add(
        "--max-drawdown", type=typed(backtest_arguments.share), default=0.5, metavar="P",
        help="of days and paper (50%%)",
    )  # fmt: skip
    add(
        "--paper-days",
        type=typed(backtest_arguments.days),
        default=10,
        metavar="N",
        help="last (10); of daily bars 24 times as many",
    )
    add("--session", metavar="FILE", help="paper over a recorded session, filled at the touch")
    add(
        "--may-read", action="append", default=[], metavar="FILE",
        help="a file you know to hold nothing of the future",
    )  # fmt: skip
    add("--until", choices=STEPS, default=STEPS[-1], help="the last step (paper)")
    add("--json", action="store_true", help="one object; see docs/PAPER.md")
    backtest_arguments.add_data(parser)
    backtest_arguments.add_terms(parser)


def number(text: str) -> float:
    """Return a number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"expected a number, got {text!r}")
    return value


def run(args: argparse.Namespace) -> int:
    """Go through the gates until one is not passed.

    Raises
    ------
    EngineError
        If something cannot be run.
    """
    from engine.cli.workflow_gates import PASSED, gates

    shown: list[Gate] = []
    code = OK
    for gate in gates(args):
        shown.append(gate)
        if not args.json:
            print_text(_line(gate))
        if gate.status != PASSED:
            code = VERIFIER_MISMATCH if gate.is_mismatch else NOT_PASSED
            break
        if gate.step == args.until and gate.is_last:
            break
    if args.json:
        whole = {
            "schema": 1,
            "is_passed": code == OK,
            "gates": [
                {"step": one.step, "strategy": one.strategy, "status": one.status,
                 "said": one.said, "details": list(one.details)}
                for one in shown
            ],
        }  # fmt: skip
        print_text(json.dumps(whole, indent=2) + "\n")
    elif code == OK:
        print_text("all gates passed\n")
    else:
        print_text(f"stopped at {shown[-1].step}: {shown[-1].strategy}\n")
    return code


def _line(gate: Gate) -> str:
    from engine.report.printable import printable

    head = f"{gate.step:<7}{gate.status:<8}{gate.strategy:<16} {gate.said}"
    return "".join(f"{printable(one)}\n" for one in (head, *(f"{'':15}{d}" for d in gate.details)))
