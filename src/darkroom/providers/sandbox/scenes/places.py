"""The registry of places: every landscape by the name the vocabulary gives it."""

from collections.abc import Mapping

from darkroom.providers.sandbox.scenes import built, fields, highland, sea
from darkroom.providers.sandbox.scenes.ground import Ground, Place

__all__ = ["PLACES", "Ground", "Place"]

PLACES: Mapping[str, Place] = {
    **sea.PLACES,
    **highland.PLACES,
    **fields.PLACES,
    **built.PLACES,
}
