"""The catalogue: models by name, and who takes over when one retires."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Self

from darkroom.catalog.load import load_models
from darkroom.core.capability import ModelSpec

DEFAULT_PATH = Path(__file__).with_name("models.toml")


class Catalog:
    """All known models. Immutable; build one with :meth:`load` and pass it around."""

    def __init__(self, models: Iterable[ModelSpec]) -> None:
        self._models = tuple(models)
        self._by_name = {name: spec for spec in self._models for name in (spec.id, *spec.aliases)}

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read ``path`` (the built-in ``models.toml`` by default).

        Raises :class:`~darkroom.catalog.load.CatalogError`, naming table and key.
        """
        return cls(load_models(path or DEFAULT_PATH))

    @property
    def models(self) -> tuple[ModelSpec, ...]:
        """Every model, in the file's order."""
        return self._models

    def get(self, name: str) -> ModelSpec | None:
        """The model of that id or alias; None when nobody is called that."""
        return self._by_name.get(name)

    def retired(self, spec: ModelSpec, vendor: str, today: date) -> bool:
        """Whether ``vendor`` has shut the model down by ``today`` (the day itself counts).

        False for vendor ``""`` and for vendors about which the catalogue knows nothing.
        """
        dates = spec.vendors.get(vendor)
        return dates is not None and dates.shutdown is not None and dates.shutdown <= today

    def successor_of(self, spec: ModelSpec, vendor: str, today: date) -> ModelSpec | None:
        """The first model along the chain of successors that is alive at ``vendor``.

        Alive: the vendor lists it, has released it and has not shut it down. For vendor ``""``
        every model is alive. None when the chain ends before.
        """
        name = spec.successor
        while name is not None:
            heir = self._by_name[name]
            if vendor == "" or self._alive(heir, vendor, today):
                return heir
            name = heir.successor
        return None

    def _alive(self, spec: ModelSpec, vendor: str, today: date) -> bool:
        dates = spec.vendors.get(vendor)
        if dates is None or (dates.released is not None and dates.released > today):
            return False
        return not self.retired(spec, vendor, today)
