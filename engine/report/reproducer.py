"""The file that makes a verifier mismatch reproducible: chain, settings and opportunity as JSON.

`read_reproducer` gives them back; `scan_chain` of the first two must show the third.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from engine.codec import decode, encode
from engine.config import ScanSettings
from engine.errors import InputOutputError
from engine.market.chain import OptionChain
from engine.scanner.survey import Scan
from engine.scoring.opportunity import Opportunity


def write_reproducer(scan: Scan, bad: Opportunity, engine: dict[str, str]) -> Path:
    """Write the file into the working directory, else the temporary one, and return its path.

    Raises
    ------
    InputOutputError
        If neither can be written.
    """
    content = {
        "engine": engine,
        "opportunity": encode(bad),
        "settings": encode(scan.settings),
        "chain": encode(scan.result.chain),
    }
    text = json.dumps(content, allow_nan=False, indent=1) + "\n"
    name = f"verifier-mismatch-{_safe(bad.id)}.json"
    reason = ""
    for folder in (Path.cwd(), Path(os.environ.get("TMPDIR") or tempfile.gettempdir())):
        try:
            (folder / name).write_text(text, encoding="ascii")
        except OSError as error:
            reason = f"{folder / name}: {error.strerror}"
        else:
            return folder / name
    raise InputOutputError(f"the reproducer of a verifier mismatch cannot be written: {reason}")


def read_reproducer(path: Path) -> tuple[OptionChain, ScanSettings, Opportunity]:
    """Return what `write_reproducer` wrote.

    Raises
    ------
    ValueError
        If the file is not one.
    """
    content: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
    return (
        decode(OptionChain, content["chain"]),
        decode(ScanSettings, content["settings"]),
        decode(Opportunity, content["opportunity"]),
    )


def _safe(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)
