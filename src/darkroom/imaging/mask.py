"""Brings a mask into the one form that goes upstream: a PNG whose transparent pixels are edited.

Masks come in three conventions: alpha 0 marks what may change (OpenAI), or black does (OpenTryOn),
or white does (LocalAI and most inpainting tools). The latter two are turned into the first.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from darkroom.core.draft import MaskConvention
from darkroom.imaging.cleaning import cleaned
from darkroom.imaging.decoding import decoding
from darkroom.imaging.inspect import ImageFacts, NotAnImage
from darkroom.imaging.pixels import eight_bits, mapped, upright
from darkroom.imaging.work import REWRITING, pooled

if TYPE_CHECKING:
    from PIL import Image

# Black or white: what a lossy format left in between has to fall on one side.
_BLACK_IS_EDITED = (0,) * 128 + (255,) * 128
_WHITE_IS_EDITED = (255,) * 128 + (0,) * 128


@pooled(REWRITING)
def with_alpha(source: Path, target: Path, facts: ImageFacts, convention: MaskConvention) -> bool:
    """Write the mask as a PNG with alpha and nothing else. False, and no file, if it is one.

    Raises :class:`~darkroom.imaging.inspect.NotAnImage`, also for one that cannot be decoded: a
    mask that turns out so after the image was made would cost somebody money.
    """
    from PIL import Image

    alpha = _alpha(source, facts, convention)
    if alpha is None:
        return cleaned(source, target, facts)
    white = Image.new("L", alpha.size, 255)
    Image.merge("RGBA", (white, white, white, alpha)).save(target, "PNG", compress_level=1)
    return True


def _alpha(path: Path, facts: ImageFacts, convention: MaskConvention) -> "Image.Image | None":
    """What is kept, upright; None for a mask that is in the form already."""
    with decoding(path) as image:
        ready = facts.media_type == "image/png" and image.mode == "RGBA"
        if ready and convention in (MaskConvention.AUTO, MaskConvention.ALPHA):
            image.load()
            return None
        return _READ[convention](upright(image))


def _by_its_looks(image: "Image.Image") -> "Image.Image":
    return (_by_alpha if image.has_transparency_data else _by_black)(image)


def _by_alpha(image: "Image.Image") -> "Image.Image":
    if not image.has_transparency_data:
        raise NotAnImage(
            "the mask has no alpha channel; send one whose transparent part may change, or say"
            " mask_convention 'black' or 'white'"
        )
    return image.convert("RGBA").getchannel("A")


def _by_black(image: "Image.Image") -> "Image.Image":
    return mapped(_grey(image, 255), _BLACK_IS_EDITED)


def _by_white(image: "Image.Image") -> "Image.Image":
    return mapped(_grey(image, 0), _WHITE_IS_EDITED)


def _grey(image: "Image.Image", kept: int) -> "Image.Image":
    """In grey; where nothing was painted (it is transparent), the level that is kept."""
    from PIL import Image

    if not image.has_transparency_data:
        return eight_bits(image).convert("L")
    painted = image.convert("RGBA")
    ground = Image.new("L", image.size, kept)
    return Image.composite(painted.convert("L"), ground, painted.getchannel("A"))


_READ: Mapping[MaskConvention, Callable[["Image.Image"], "Image.Image"]] = {
    MaskConvention.AUTO: _by_its_looks,
    MaskConvention.ALPHA: _by_alpha,
    MaskConvention.BLACK: _by_black,
    MaskConvention.WHITE: _by_white,
}
