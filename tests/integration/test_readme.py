"""The README shows what the commands print."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_sample_is_what_the_command_prints() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/readme_sample.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_kernels_do_what_the_example_says() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    (code,) = (block for block in blocks if "kernels." in block)
    names: dict[str, Any] = {}
    exec(code, names)
    cdf, root = NormalDist().cdf, 0.2 * math.sqrt(0.5)
    average = 0.0
    for row, strike in enumerate(range(80, 121)):
        d1 = (math.log(100.0 / strike) + 0.03 * 0.5) / root + 0.5 * root
        call = 100.0 * math.exp(-0.005) * cdf(d1) - strike * math.exp(-0.02) * cdf(d1 - root)
        assert names["prices"][row] == pytest.approx(call, abs=1e-9)
        average += call / 20.0 if row < 20 else (call - average) * 2.0 / 21.0
    assert names["smooth"][-1] == pytest.approx(average)
    assert names["latest"] == pytest.approx(average + (4.2 - average) * 2.0 / 21.0)


def test_every_page_it_names_is_there() -> None:
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} points to {target}"


def test_documents_stand_alone() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        if page.name != "CONTRIBUTING.md":
            assert "../shared" not in page.read_text(encoding="utf-8"), page.name


def test_the_architecture_lists_every_room() -> None:
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    listed = re.findall(r"^engine/(\w+)/ ", text, re.MULTILINE)
    assert listed == sorted(path.parent.name for path in ROOT.glob("engine/*/__init__.py"))
    layout = text.split("## Layout")[1].split("\n## ")[0]
    alone = {f"engine/{name}.py" for name in re.findall(r"engine/(\w+)\.py", layout)}
    assert alone == {f"engine/{path.name}" for path in ROOT.glob("engine/[!_]*.py")}
