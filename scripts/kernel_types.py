"""A plugin of mypy: what a backend's modules hold is what `kernels_pure` has under their names.

``backend.parity.row_hits(1, 2)`` is a call of the kernel then, with its arguments, and so is what
``backend.load("rolling")`` returns. Without it they are modules of unknown content. It touches what
mypy keeps to itself (`module_type`): constraints.txt names the version, and a test sees it work.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mypy.build import PRI_LOW
from mypy.nodes import MypyFile, StrExpr
from mypy.plugin import AttributeContext, MethodContext, Plugin
from mypy.types import ExtraAttrs, Instance, Type

FOLDER = Path(__file__).resolve().parent.parent / "kernels_pure"
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
BACKEND = "engine.backend.Backend."


def module_of(context: Any, name: str, known: Type) -> Type:
    """Return the type of a kernel module; what was known where there is none of that name."""
    module = context.api.modules.get(f"kernels_pure.{name}")
    if module is None:
        return known
    whole: Instance = context.api.expr_checker.module_type(module)
    # Of a module mypy believes that it may have any attribute, of an object it does not.
    found: Instance = context.api.named_type("builtins.object").copy_modified()
    if whole.extra_attrs is not None:
        found.extra_attrs = ExtraAttrs(whole.extra_attrs.attrs, set(), None)
    return found


class KernelTypes(Plugin):
    """Answers mypy's questions about the attributes of `engine.backend.Backend`."""

    def get_additional_deps(self, file: MypyFile) -> list[tuple[int, str, int]]:
        """Let mypy know the kernel modules before it meets a backend."""
        if file.fullname != "engine.backend":
            return []
        return [(PRI_LOW, f"kernels_pure.{name}", -1) for name in MODULES]

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        """Return what types ``backend.parity``."""
        if not fullname.startswith(BACKEND):
            return None
        name = fullname.removeprefix(BACKEND)
        return lambda context: module_of(context, name, context.default_attr_type)

    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        """Return what types ``backend.load("rolling")``."""
        return loaded if fullname == f"{BACKEND}load" else None


def loaded(context: MethodContext) -> Type:
    """Return the type of the module that is named in a call of ``load``."""
    (name, *_), *_ = context.args
    if not isinstance(name, StrExpr):
        return context.default_return_type
    return module_of(context, name.value, context.default_return_type)


def plugin(_version: str) -> type[Plugin]:
    """Return the plugin to a mypy of any version."""
    return KernelTypes
