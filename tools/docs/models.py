"""Generates the model table from the catalogue."""

from darkroom.catalog import Catalog, docs


def render() -> str:
    """The page: what every model can do, and its dates."""
    return docs.render(Catalog.load())
