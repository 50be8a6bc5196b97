"""Turns an image that a model made into the one that was asked for: one decode, one encode.

Everything happens in memory, on a worker of the pool.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darkroom.core.finish import Finish
from darkroom.core.size import Size
from darkroom.core.warning import Warning
from darkroom.imaging.decoding import decoding
from darkroom.imaging.inspect import ImageFacts
from darkroom.imaging.matting import matted
from darkroom.imaging.pixels import eight_bits, in_colour
from darkroom.imaging.work import FINISHING, pooled

if TYPE_CHECKING:
    from PIL import Image, ImageCms

_MEDIA_TYPES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
}
_WRITTEN = frozenset({"image/png", "image/jpeg", "image/webp"})
# The modes that each format can hold; any other is brought to colour.
_MODES = {
    "image/png": frozenset({"L", "LA", "RGB", "RGBA", "I;16"}),
    "image/jpeg": frozenset({"L", "RGB", "CMYK"}),
    "image/webp": frozenset({"RGB", "RGBA"}),
}
_FAMILIES = {"1": "L", "LA": "L", "I;16": "L", "P": "RGB", "PA": "RGB", "RGBA": "RGB"}
_FINE = 95
# VP8_ENC_ERROR_OUT_OF_MEMORY, as Pillow tells it.
_WEBP_OUT_OF_MEMORY = "encoding error 1"


@dataclass(frozen=True, slots=True)
class Ground:
    """Local files of what a result is laid over; the mask is a PNG with alpha."""

    base: Path
    mask: Path


@dataclass(frozen=True, slots=True)
class Finished:
    """What was written, None when the image stays as it is; and what there is to say of it."""

    facts: ImageFacts | None
    warnings: tuple[Warning, ...] = ()
    matted: bool = False


def as_asked(facts: ImageFacts, finish: Finish) -> bool:
    """Whether there is nothing to do, by the head of the file alone."""
    if finish.composite is not None or finish.matte:
        return False
    return _sized(facts, finish) and _typed(facts, finish)


@pooled(FINISHING)
def finished(
    source: Path, target: Path, facts: ImageFacts, finish: Finish, ground: Ground | None
) -> Finished:
    """Write ``source`` to ``target`` as ``finish`` asks, ``ground`` being its composite's files.

    A type that cannot be read or written here (GIF) stays as it is, with warnings.
    Raises :class:`~darkroom.imaging.inspect.NotAnImage`, also for such a type where it would have
    to be laid over another or cut out.
    """
    media_type = _MEDIA_TYPES.get(finish.format, facts.media_type)
    exact = ground is not None or finish.matte
    if not exact and not {facts.media_type, media_type} <= _WRITTEN:
        return Finished(None, tuple(_left(facts, finish)))
    size = finish.size or Size(facts.width, facts.height)
    # What lies below comes first: beside the picture, a large input does not fit into memory.
    under = None if ground is None else _under(ground, size)
    picture, profile = _opened(source)
    warnings = tuple(_deviations(facts, finish))
    if finish.size is not None or under is not None:
        picture = _fitted(picture, size)
    clear = False
    if finish.matte:
        clear = _clear(picture)
        cut = None if clear else matted(_as(in_colour(picture), "RGB"))
        if cut is not None:
            picture, clear = cut, True
        elif not clear:
            warnings = (*warnings, _NOT_REMOVED)
        if cut is None and _sized(facts, finish) and _typed(facts, finish):
            return Finished(None, warnings, matted=clear)
    if under is not None:
        picture, profile = _composited(picture, profile, under), under.profile
    made = _saved(picture, profile, target, media_type, _options(media_type, finish))
    return Finished(ImageFacts(media_type, *made), warnings, matted=clear)


_NOT_REMOVED = Warning(
    "background_not_removed",
    "The background is not plain enough to be cut out: the image is opaque.",
    param="background",
    asked="transparent",
    used="opaque",
)


def _sized(facts: ImageFacts, finish: Finish) -> bool:
    return finish.size is None or finish.size == Size(facts.width, facts.height)


def _typed(facts: ImageFacts, finish: Finish) -> bool:
    return _MEDIA_TYPES.get(finish.format, facts.media_type) == facts.media_type


def _deviations(facts: ImageFacts, finish: Finish) -> Iterator[Warning]:
    """What the model made otherwise than it was asked, and what becomes of that."""
    got = Size(facts.width, facts.height)
    if not _sized(facts, finish) and not finish.told & {"size_fitted", "mask_composited"}:
        message = f"The model made {got}, which was cropped and resampled to {finish.size}."
        yield Warning("size_fitted", message, "size", str(finish.size), str(got))
    if not _typed(facts, finish) and "format_converted" not in finish.told:
        message = f"The model made {facts.media_type}, which was converted to {finish.format}."
        yield Warning("format_converted", message, "output_format", finish.format, facts.media_type)


def _left(facts: ImageFacts, finish: Finish) -> Iterator[Warning]:
    """What stays otherwise than it was asked."""
    if not _sized(facts, finish):
        got = Size(facts.width, facts.height)
        message = f"The image is {got}: {facts.media_type} is not resampled."
        yield Warning("size_not_fitted", message, "size", str(finish.size), str(got))
    if not _typed(facts, finish):
        message = f"The image is {facts.media_type}: it is not converted to {finish.format}."
        yield Warning(
            "format_not_converted", message, "output_format", finish.format, facts.media_type
        )


def _opened(path: Path) -> "tuple[Image.Image, bytes | None]":
    """The pixels, in a mode that can be resampled, and their colour profile."""
    with decoding(path) as image:
        # A palette and its transparent entry cannot be resampled.
        palette = image.mode in ("P", "PA", "1") or "transparency" in image.info
        picture = in_colour(image) if palette else image
        picture.load()
        return picture, image.info.get("icc_profile")


def _fitted(picture: "Image.Image", size: Size) -> "Image.Image":
    from PIL import Image, ImageOps

    wanted = (size.width, size.height)
    if picture.size == wanted:
        return picture
    return ImageOps.fit(picture, wanted, Image.Resampling.LANCZOS)


def _clear(picture: "Image.Image") -> bool:
    """Whether some of it is transparent already."""
    if not picture.has_transparency_data:
        return False
    return picture.getchannel("A").getextrema()[0] == 0


@dataclass(frozen=True, slots=True)
class _Under:
    """A ground, decoded: ``keep`` says by pixel how much of ``base`` stays (255: all of it)."""

    keep: "Image.Image"
    base: "Image.Image"
    profile: bytes | None


def _under(ground: Ground, size: Size) -> _Under:
    keep = _fitted(_alpha(ground.mask), size)
    base, profile = _opened(ground.base)
    if _family(base.mode) != "RGB":
        profile = None
    return _Under(keep, _fitted(in_colour(base), size), profile)


def _alpha(mask: Path) -> "Image.Image":
    # In a function of its own, the other channels are gone at its end.
    with decoding(mask) as image:
        return image.getchannel("A")


def _composited(drawn: "Image.Image", profile: bytes | None, under: _Under) -> "Image.Image":
    """What the mask keeps of the base, in the base's colours, over what was drawn."""
    result = _in_profile(in_colour(drawn), profile, under.profile)
    mode = "RGBA" if "RGBA" in (under.base.mode, result.mode) else "RGB"
    result = _as(result, mode)
    # Where the mask is opaque this copies, bit for bit.
    result.paste(_as(under.base, mode), (0, 0), under.keep)
    return result


def _as(image: "Image.Image", mode: str) -> "Image.Image":
    return image if image.mode == mode else image.convert(mode)


def _in_profile(picture: "Image.Image", own: bytes | None, wanted: bytes | None) -> "Image.Image":
    """The same colours by another profile; none stands for sRGB."""
    if own == wanted:
        return picture
    from PIL import ImageCms

    try:
        made = ImageCms.profileToProfile(picture, _colours(own), _colours(wanted))
    except (ImageCms.PyCMSError, OSError):  # a profile that cannot be read changes nothing
        return picture
    return made or picture


def _colours(profile: bytes | None) -> "ImageCms.ImageCmsProfile":
    from PIL import ImageCms

    if profile is not None:
        return ImageCms.ImageCmsProfile(BytesIO(profile))
    return ImageCms.ImageCmsProfile(
        ImageCms.createProfile("sRGB")  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    )


def _options(media_type: str, finish: Finish) -> dict[str, Any]:
    """How the file is written: near lossless unless the caller said how small it may be."""
    quality = _FINE if finish.compression is None else finish.compression
    if media_type == "image/png":
        return {"format": "PNG", "compress_level": 4}
    if media_type == "image/jpeg":
        # libjpeg knows 1 to 100; Pillow takes 0 for "not said".
        return {"format": "JPEG", "quality": max(1, quality), "subsampling": 0}
    if finish.composite is not None and finish.compression in (None, 100):
        return {"format": "WEBP", "lossless": True, "exact": True, "method": 2}
    return {"format": "WEBP", "quality": quality, "method": 2}


def _saved(
    picture: "Image.Image",
    profile: bytes | None,
    target: Path,
    media_type: str,
    options: dict[str, Any],
) -> tuple[int, int]:
    suited = _suited(picture, media_type)
    if profile is not None and _family(suited.mode) == _family(picture.mode):
        options = {**options, "icc_profile": profile}
    suited.info.clear()
    try:
        suited.save(target, **options)
    except ValueError as error:
        if str(error) != _WEBP_OUT_OF_MEMORY:
            raise
        raise MemoryError from error
    return suited.size


def _suited(picture: "Image.Image", media_type: str) -> "Image.Image":
    if picture.mode in _MODES[media_type]:
        return picture
    if media_type == "image/jpeg" and picture.has_transparency_data:
        return _on_white(in_colour(picture))
    if picture.mode.startswith("I") and media_type == "image/jpeg":
        return eight_bits(picture)
    return in_colour(picture)


def _on_white(picture: "Image.Image") -> "Image.Image":
    from PIL import Image

    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, (0, 0), picture.getchannel("A"))
    return ground


def _family(mode: str) -> str:
    """Modes of one family are read by the same colour profile."""
    return _FAMILIES.get(mode, mode)
