"""Models as data: what each can do, how it counts, costs and retires; the one check of that.

``models.toml`` holds the facts, :mod:`~darkroom.catalog.load` reads and validates them,
:mod:`~darkroom.catalog.check` turns a request into what a model can really be asked.
``prices.toml`` holds what they cost, :mod:`~darkroom.catalog.prices` reads it.
"""

from darkroom.catalog.check import plan
from darkroom.catalog.drafting import Plan
from darkroom.catalog.load import CatalogError
from darkroom.catalog.models import Catalog
from darkroom.catalog.prices import PriceBook, Sheet

__all__ = ["Catalog", "CatalogError", "Plan", "PriceBook", "Sheet", "plan"]
