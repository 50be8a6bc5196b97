"""Steps on decoded pixels that several parts of this room share."""

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


def mapped(image: "Image.Image", table: Sequence[int]) -> "Image.Image":
    """Every value of a one-channel image replaced by the table's, which has 256 entries."""
    return image.point(table)  # pyright: ignore[reportUnknownMemberType]


ORIENTATION = 0x0112
"""The EXIF tag that says how a picture is turned or mirrored: 1 to 8, 1 for upright."""
# As Pillow's ``Image.Transpose`` names what brings each upright.
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}


def turned_upright(image: "Image.Image", orientation: int) -> "Image.Image":
    """``orientation`` as in EXIF; a picture that is upright stays as it is."""
    from PIL import Image

    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(Image.Transpose[turn])


def upright(image: "Image.Image") -> "Image.Image":
    """Turned as its own EXIF says; one that cannot be read says nothing.

    Pillow's ``exif_transpose`` would also write the EXIF anew, and stumbles over hostile ones.
    """
    # Else asking for the EXIF of a PNG would load it, and hide that its pixels are damaged.
    image.load()
    try:
        orientation = image.getexif().get(ORIENTATION)
    except (SyntaxError, ValueError, LookupError, OSError, TypeError, struct.error):
        return image
    return turned_upright(image, orientation if isinstance(orientation, int) else 1)


def eight_bits(image: "Image.Image") -> "Image.Image":
    """A grey image of 16 bits brought to 8; any other as it is."""
    if not image.mode.startswith("I"):
        return image
    # Pillow clips 16 bits to 8 instead of scaling them.
    scaled = image.convert("I").point(lambda value: value / 257)  # pyright: ignore[reportUnknownMemberType]
    return scaled.convert("L")


def in_colour(image: "Image.Image") -> "Image.Image":
    """As RGB, or as RGBA where anything may be transparent."""
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else eight_bits(image).convert(mode)
