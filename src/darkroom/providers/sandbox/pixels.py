"""Two Pillow calls behind plain types: its own stubs mention NumPy, which is not installed here."""

from PIL import Image

Area = tuple[float, float, float, float]


def resized(
    image: Image.Image,
    size: tuple[int, int],
    method: Image.Resampling = Image.Resampling.LANCZOS,
    box: Area | None = None,
) -> Image.Image:
    """``image``, or the part ``box`` of it, at another size in pixels."""
    return image.resize(size, method, box=box)  # pyright: ignore[reportUnknownMemberType]


def mapped(image: Image.Image, table: list[int]) -> Image.Image:
    """A one-band image with every grey level looked up in ``table`` (256 entries)."""
    return image.point(table)  # pyright: ignore[reportUnknownMemberType]
