"""Finds providers by name through their entry points, so that a new one touches nothing central."""

from importlib.metadata import entry_points

from darkroom.core.ports import Provider

_GROUP = "darkroom.providers"


def provider_names() -> list[str]:
    """The names that a deployment may give as its ``provider``."""
    return sorted(point.name for point in entry_points(group=_GROUP))


def provider_class(name: str) -> type[Provider]:
    """Raises ``LookupError`` with the known names."""
    for point in entry_points(group=_GROUP, name=name):
        return point.load()
    raise LookupError(f"no provider '{name}'; known: {', '.join(provider_names())}")
