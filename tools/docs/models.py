"""Generates the pages of models and of their capabilities from the catalogue."""

from darkroom.catalog import Catalog, PriceBook, docs


def render() -> str:
    """The page: what every model can do, and its dates."""
    return docs.render(Catalog.load(), PriceBook.load())


def render_capabilities() -> str:
    """The page: what becomes of every parameter on every model."""
    return docs.render_capabilities(Catalog.load())
