"""Looks at pictures."""

from pathlib import Path

from PIL import Image

from darkroom.core.size import Size


def size_of(path: Path) -> Size:
    """The size of an image that decodes without an error."""
    with Image.open(path) as image:
        image.load()
        return Size(*image.size)
