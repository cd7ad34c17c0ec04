"""The twin modules: those of `kernels_pure`, each kernel of theirs compiled, under the same names.

A file in this package has only the twins that are more than their kernel compiled; the loader adds
the others, and a module without a file is made by it alone. What the kernels of a module call is
registered with Numba when the module is imported: the loader imports the modules that it is in.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import FunctionType, ModuleType
from typing import Any

from kernels_pure import MODULES

PURE, TWINS = "kernels_pure", "kernels_numba"


class TwinLoader(Loader):
    """Fills a twin module: from its file first, if it has one, and from the kernels then."""

    def __init__(self, file: Loader | None) -> None:
        self._file = file

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to Python to make an empty module."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Import what its kernels call, run its file, and compile what that leaves."""
        # Only here: what is imported below needs Numba, and the finder is there before.
        from kernels_numba._compile import compiled

        name = module.__name__.rpartition(".")[2]
        pure = import_module(f"{PURE}.{name}")
        for other in called_modules(pure):
            import_module(f"{TWINS}.{other}")
        module.__doc__ = f"Twins of `{pure.__name__}`."
        if self._file is not None:
            self._file.exec_module(module)
        for kernel, function in kernels_of(pure):
            if kernel not in vars(module):
                setattr(module, kernel, compiled(function))


class TwinFinder(MetaPathFinder):
    """Finds the modules of this package that kernel modules are named after."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a twin module is loaded; None of any other module."""
        package, _, name = fullname.rpartition(".")
        if package != TWINS or name not in MODULES:
            return None
        found = PathFinder.find_spec(fullname, path)
        if found is None:
            return ModuleSpec(fullname, TwinLoader(None), origin=f"{PURE}.{name}")
        found.loader = TwinLoader(found.loader)
        return found


def kernels_of(pure: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the kernels that a module of `kernels_pure` defines, by name."""
    for name, value in vars(pure).items():
        if isinstance(value, FunctionType) and value.__module__ == pure.__name__:
            yield name, value


def called_modules(pure: ModuleType) -> list[str]:
    """Return the other kernel modules whose kernels a module imports, each once."""
    found = {
        value.__module__.rpartition(".")[2]: None
        for value in vars(pure).values()
        if isinstance(value, FunctionType) and value.__module__ != pure.__name__
    }
    return list(found)


def install() -> None:
    """Let Python find the twin modules."""
    sys.meta_path.insert(0, TwinFinder())
