"""The selector, the compiler of twins and where their machine code is kept."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from engine import backend as selector
from engine.__main__ import main
from engine.backend import Backend, select
from engine.errors import ConfigurationError, UnavailableError
from kernels_pure import LATER, MODULES, SCAN

ROOT = Path(__file__).resolve().parents[2]
IS_PYPY = platform.python_implementation() == "PyPy"
has_numba = select("auto").name == "numba"
needs_numba = pytest.mark.skipif(not has_numba, reason="Numba does not run here")


def child(code: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a fresh interpreter, from the root of the project."""
    settings = {
        k: v for k, v in os.environ.items() if k not in ("ENGINE_BACKEND", "NUMBA_CACHE_DIR")
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=settings | environ, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_every_kernel_module_is_bound(backend: Backend) -> None:
    fields = [field.name for field in dataclasses.fields(Backend)]
    assert sorted(fields) == sorted(["name", "reason", *SCAN])
    for module in SCAN:
        assert getattr(backend, module).__name__ == f"kernels_{backend.name}.{module}"


def test_other_kernel_modules_are_loaded_when_asked_for(backend: Backend) -> None:
    for module in LATER:
        assert backend.load(module).__name__ == f"kernels_{backend.name}.{module}"
    with pytest.raises(ValueError, match="no kernel module is called 'pricin'"):
        backend.load("pricin")


def test_a_backend_cannot_be_changed(backend: Backend) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        backend.name = "other"  # type: ignore[misc]


def test_one_process_holds_both_and_says_which(backend: Backend) -> None:
    pure = select("pure")
    assert backend.pricing.bs_price(100.0, 90.0, 0.5, 0.01, 0.0, 0.3, 1) == pure.pricing.bs_price(
        100.0, 90.0, 0.5, 0.01, 0.0, 0.3, 1
    )
    where = f"{platform.python_implementation()} {platform.python_version()}"
    assert str(pure) == f"pure kernels on {where} (pure: asked for)"


def test_the_name_given_wins_over_the_environment() -> None:
    assert select("pure", {"ENGINE_BACKEND": "numba"}).reason == "pure: asked for"
    assert select(None, {"ENGINE_BACKEND": "pure"}).reason == "pure: ENGINE_BACKEND"
    assert select(None, {"ENGINE_BACKEND": ""}).reason.startswith("auto: ")
    assert select(None, {}) == select("auto", {"ENGINE_BACKEND": "pure"})


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"'nubma' \(ENGINE_BACKEND\).*'numba'") as caught:
        select(None, {"ENGINE_BACKEND": "nubma"})
    assert caught.value.code == 78
    with pytest.raises(ConfigurationError, match="valid: auto, pure, numba"):
        select("x")


@pytest.mark.parametrize(
    ("problem", "said"),
    [("Numba does not run on PyPy", "PyPy"), ("Numba does not import: OSError: x", "OSError")],
)
def test_auto_never_fails_and_a_name_never_falls_back(
    monkeypatch: pytest.MonkeyPatch, problem: str, said: str
) -> None:
    monkeypatch.setattr(selector, "_numba_problem", lambda: problem)
    chosen = select("auto")
    assert (chosen.name, chosen.reason) == ("pure", f"auto: {problem}")
    assert str(chosen).endswith(f"(auto: {problem})")
    with pytest.raises(UnavailableError, match=said) as caught:
        select("numba")
    assert caught.value.code == 69


def test_a_machine_with_short_longs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selector, "INDEX_BYTES", 4)
    with pytest.raises(UnavailableError, match="need 64 bits"):
        selector.select("pure")


@pytest.mark.skipif(IS_PYPY, reason="PyPy is refused before Numba is looked for")
def test_a_missing_and_a_broken_numba(tmp_path: Path) -> None:
    hide = "import sys; sys.modules['numba'] = None; "
    look = "from engine.backend import select; print(select('auto'))"
    said = child(
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name: None if name == 'numba' else real(name)\n" + look
    ).stdout
    assert f"auto: Numba is not installed ({sys.executable} -m pip install '" in said
    assert "[numba]')" in said
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba" / "__init__.py").write_text("raise SystemError('wrong\\nNumPy')\n")
    said = child(look, PYTHONPATH=str(tmp_path)).stdout
    assert "(auto: Numba does not import: SystemError: wrong)" in said
    assert child(hide + look).returncode == 0


def test_pure_does_not_import_numba() -> None:
    code = "import sys, engine.backend as b; b.select('pure'); print('numba' in sys.modules)"
    assert child(code).stdout == "False\n"


@needs_numba
def test_both_at_once_in_one_process_and_numba_last() -> None:
    code = """
from engine.backend import select
pure, numba = select("pure"), select("numba")
print(pure.normal.norm_cdf(0.3) == numba.normal.norm_cdf(0.3))
print(type(pure.normal.norm_cdf).__name__, type(numba.normal.norm_cdf).__name__)
"""
    assert child(code).stdout == "True\nfunction CPUDispatcher\n"


@needs_numba
class TestCache:
    """The private folder of machine code."""

    OPEN = "from kernels_numba._cache import FOLDER, PROBLEM; print(FOLDER); print(PROBLEM)"

    def opened(self, **environ: str) -> tuple[str, str, str]:
        done = child(self.OPEN, **environ)
        assert done.returncode == 0, done.stderr
        folder, problem = done.stdout.splitlines()
        return folder, problem, done.stderr

    def test_it_is_private_and_named_by_digest(self, tmp_path: Path) -> None:
        base = tmp_path / "kept"
        folder, problem, said = self.opened(NUMBA_CACHE_DIR=str(base))
        assert (Path(folder).parent, problem, said) == (base, "", "")
        assert Path(folder).stat().st_mode & 0o777 == 0o700
        assert base.stat().st_mode & 0o777 == 0o700
        assert len(Path(folder).name) == 16

    def test_without_the_variable_it_lies_in_the_users_cache(self, tmp_path: Path) -> None:
        folder, _, _ = self.opened(XDG_CACHE_HOME=str(tmp_path))
        assert Path(folder).parent == tmp_path / "parity-engine" / "numba"
        folder, _, _ = self.opened(XDG_CACHE_HOME="", HOME=str(tmp_path))
        assert Path(folder).parent == tmp_path / ".cache" / "parity-engine" / "numba"

    def test_bounds_checked_code_is_kept_apart(self, tmp_path: Path) -> None:
        plain, _, _ = self.opened(NUMBA_CACHE_DIR=str(tmp_path / "a"), NUMBA_BOUNDSCHECK="")
        checked, _, _ = self.opened(NUMBA_CACHE_DIR=str(tmp_path / "a"), NUMBA_BOUNDSCHECK="1")
        assert plain != checked

    def test_any_source_of_either_package_changes_the_digest(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from kernels_numba import _cache

        packages = (tmp_path / "kernels_pure", tmp_path / "kernels_numba")
        monkeypatch.setattr(_cache, "PACKAGES", packages)
        seen = {_cache.source_digest()}
        for package in packages:
            package.mkdir()
            for text in ("x = 1\n", "x = 2\n"):
                (package / "one.py").write_text(text)
                seen.add(_cache.source_digest())
        (packages[0] / "one.py").rename(packages[0] / "two.py")
        seen.add(_cache.source_digest())
        assert len(seen) == 6

    @pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777])
    def test_a_folder_open_to_others_is_not_used(self, tmp_path: Path, mode: int) -> None:
        base = tmp_path / "shared"
        base.mkdir()
        base.chmod(mode)
        folder, problem, said = self.opened(NUMBA_CACHE_DIR=str(base))
        assert folder == ""
        assert "open to other users" in problem
        assert said.count("\n") == 1
        assert "NUMBA_CACHE_DIR" in said
        assert list(base.iterdir()) == []

    def test_a_link_or_a_file_in_its_place_is_not_used(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        (tmp_path / "file").write_text("")
        assert "is not a folder" in self.opened(NUMBA_CACHE_DIR=str(tmp_path / "link"))[1]
        assert self.opened(NUMBA_CACHE_DIR=str(tmp_path / "file" / "under"))[0] == ""

    def test_another_users_folder_is_not_used(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from kernels_numba import _cache

        tmp_path.chmod(0o700)
        assert _cache.folder_problem(tmp_path, 0o077) == ""
        monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
        assert "belongs to another user" in _cache.folder_problem(tmp_path, 0o077)

    def test_kernels_run_without_a_cache_and_keep_one_where_they_may(self, tmp_path: Path) -> None:
        run = "from engine.backend import select; print(select('numba').normal.norm_cdf(0.0))"
        (tmp_path / "open").mkdir()
        (tmp_path / "open").chmod(0o777)
        assert child(run, NUMBA_CACHE_DIR=str(tmp_path / "open")).stdout == "0.5\n"
        first = child(run, NUMBA_CACHE_DIR=str(tmp_path / "kept"))
        again = child(run, NUMBA_CACHE_DIR=str(tmp_path / "kept"))
        assert first.stdout == again.stdout == "0.5\n"
        assert "compiling kernels with Numba" in first.stderr
        assert again.stderr == ""
        assert list((tmp_path / "kept").rglob("*.nbc"))

    def test_other_users_of_numba_keep_their_folder(self) -> None:
        from numba import config

        before = config.CACHE_DIR
        import kernels_numba.pricing  # noqa: F401  # decorates every kernel

        assert before == config.CACHE_DIR


def test_verb_says_what_was_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backend", "--backend", "pure", "--warm"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [str(select("pure")), "nothing to compile: pure kernels run as they are"]


def test_verb_speaks_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backend", "--backend", "pure", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["backend"] == "pure"
    assert document["modules"] == list(MODULES)
    assert document["numba"] is None


@pytest.mark.parametrize(
    ("words", "code"), [(["--backend", "nubma"], 2), (["--warn"], 2), (["--backend", "numba"], 69)]
)
def test_verb_refuses_nonsense(
    words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    if code == 69 and has_numba:
        code = 0
    assert main(["backend", *words]) == code
    captured = capsys.readouterr()
    assert (captured.out == "") == (code != 0)
    assert captured.err.count("\n") == (1 if code else 0)


@needs_numba
def test_warm_has_a_type_for_every_argument() -> None:
    """Of the twins, that is: some are not the kernel but a loop of their own."""
    import inspect
    from importlib import import_module

    from kernels_numba._warm import numba_type
    from kernels_pure import MODULES

    modules = [import_module(f"kernels_numba.{module}") for module in MODULES]
    named = [twin for module in modules for twin in vars(module).values()]
    twins = [twin for twin in named if hasattr(twin, "py_func")]
    for twin in twins:
        for parameter in inspect.signature(twin.py_func).parameters.values():
            assert numba_type(parameter.annotation) is not None, twin
    assert len(twins) > 200
