"""Makes an image exactly the asked size where the model has no such canvas: crop, then resample."""

from pathlib import Path
from typing import Any

from darkroom.assets.decoding import decoding
from darkroom.core.size import Size

_SAVE: dict[str, dict[str, Any]] = {
    "image/png": {"format": "PNG", "compress_level": 4},
    "image/jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    "image/webp": {"format": "WEBP", "quality": 95, "method": 2},
}


def fitted(source: Path, target: Path, media_type: str, size: Size) -> bool:
    """Write ``source`` to ``target`` at ``size``, cut at the centre. CPU work.

    False, and nothing written, for a type that is not resampled (GIF). Raises
    :class:`~darkroom.assets.inspect.NotAnImage`.
    """
    if media_type not in _SAVE:
        return False
    from PIL import Image, ImageOps

    with decoding(source) as image:
        profile = image.info.get("icc_profile")
        # A palette and its transparent entry cannot be resampled.
        palette = image.mode in ("P", "1") or "transparency" in image.info
        mode = "RGBA" if image.has_transparency_data else "RGB"
        full = image.convert(mode) if palette else image
        fit = ImageOps.fit(full, (size.width, size.height), Image.Resampling.LANCZOS)
        fit.save(target, **_SAVE[media_type], **({"icc_profile": profile} if profile else {}))
    return True
