"""The kernels as anybody may call them: checked once a call, and never beyond a column's end.

>>> from engine import kernels
>>> round(kernels.pricing.bs_price(100.0, 105.0, 0.5, 0.04, 0.01, 0.2, 1), 6)
4.15746
>>> kernels.rolling.sma([1.0, 2.0, 4.0], 2)
[nan, 1.5, 3.0]

A module here has the kernels of the same module of `kernels_pure` that somebody may want by
themselves (`offered`), and its constants. Arguments are the kernel's own, by position or name.

- A column is an ``array``, a list, NumPy's array or a pandas Series; a number in its place stands
  for all rows. What would lose digits is refused.
- Columns that are written, named ``out_x`` and ``work_x``, may be left out: they are made. A step
  (``ema_step``) needs the state it goes on from.
- Results are the columns written, in the form of the inputs, then what the kernel itself returns.
- Whatever does not fit is refused in one line that names the argument (`engine.errors.UsageError`).

Compiled kernels take NumPy's arrays without a copy, pure ones copy them; ``array`` is copied by
neither. The engine itself calls the raw modules: it knows its columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from engine.backend import Backend, select
from engine.kernels.offered import OFFERED
from engine.nearest import hint
from kernels_pure import SCAN


class KernelModule:
    """The kernels of one module; each is made ready when it is first asked for."""

    def __init__(self, name: str, backend: Backend) -> None:
        self._name = name
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        """Return a kernel, or a constant of its module."""
        found = getattr(import_module(f"kernels_pure.{self._name}"), name, None)
        if name.isupper() and found is not None:
            return found
        if name.startswith("_") or name not in dir(self):
            raise AttributeError(f"{self._name}.{name}: {hint(name, dir(self))}")
        from engine.kernels.calls import checked

        chosen = self._backend
        module = getattr(chosen, self._name) if self._name in SCAN else chosen.load(self._name)
        is_compiled = chosen.name != "pure"
        kernel = checked(self._name, name, getattr(module, name), is_compiled=is_compiled)
        setattr(self, name, kernel)
        return kernel

    def __dir__(self) -> Iterable[str]:
        """Name the kernels that are offered."""
        from engine.kernels.offered import kernels_of

        return kernels_of(self._name)


class Kernels:
    """All kernels that are offered, of one backend: ``Kernels(select("pure")).rolling.sma``."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def __getattr__(self, name: str) -> KernelModule:
        """Return a module of kernels."""
        if name not in OFFERED:
            raise AttributeError(f"engine.kernels.{name}: {hint(name, OFFERED)}")
        module = KernelModule(name, self.backend)
        setattr(self, name, module)
        return module

    def __dir__(self) -> Iterable[str]:
        """Name the modules that are offered."""
        return list(OFFERED)


_selected: list[Kernels] = []


def __getattr__(name: str) -> KernelModule:
    if name not in OFFERED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if not _selected:
        _selected.append(Kernels(select()))
    module: KernelModule = getattr(_selected[0], name)
    return module


def __dir__() -> Iterable[str]:
    return [*OFFERED, "Kernels"]
