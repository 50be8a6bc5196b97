"""Offers ``tryon.api.openAI.image_adapter`` to ``import`` where no other ``tryon`` is installed.

It is asked last of all finders, so an installed OpenTryOn always comes first and not one of its
files is touched. Only names are made here: the adapter is imported when somebody asks for it.
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_ROOT = "tryon"
_PACKAGES = (_ROOT, "tryon.api", "tryon.api.openAI")
_ADAPTER = "tryon.api.openAI.image_adapter"


class TryonFinder(MetaPathFinder, Loader):
    """Finder and loader of the four modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _PACKAGES and fullname != _ADAPTER:
            return None
        root = sys.modules.get(_ROOT)
        if root is not None and not _is_ours(root):
            return None  # somebody else's package lacks the module: that is theirs to say
        return ModuleSpec(fullname, self, is_package=fullname in _PACKAGES)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        if module.__name__ in (_ADAPTER, "tryon.api"):
            module.__getattr__ = _adapter  # pyright: ignore[reportAttributeAccessIssue]
        module.__doc__ = "OpenTryOn's name for a module of darkroom_tryon."


def install() -> None:
    """Register the finder, once."""
    if not any(isinstance(finder, TryonFinder) for finder in sys.meta_path):
        sys.meta_path.append(TryonFinder())


def _is_ours(module: ModuleType) -> bool:
    spec = module.__spec__
    return spec is not None and isinstance(spec.loader, TryonFinder)


def _adapter(name: str) -> object:
    from darkroom_tryon import adapter

    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(adapter, name)
