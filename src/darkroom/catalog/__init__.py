"""Models as data: what each can do, how it counts, when it retires, and the one check of that.

``models.toml`` holds the facts, :mod:`~darkroom.catalog.load` reads and validates them,
:mod:`~darkroom.catalog.check` turns a request into what a model can really be asked.
"""

from darkroom.catalog.check import Plan, plan
from darkroom.catalog.load import CatalogError
from darkroom.catalog.models import Catalog

__all__ = ["Catalog", "CatalogError", "Plan", "plan"]
