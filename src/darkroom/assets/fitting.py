"""Makes an image exactly the asked size where the model has no such canvas: crop, then resample."""

from pathlib import Path
from typing import Any

from darkroom.core.size import Size

_SAVE: dict[str, dict[str, Any]] = {
    "image/png": {"format": "PNG", "compress_level": 4},
    "image/jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    "image/webp": {"format": "WEBP", "quality": 95, "method": 2},
}


def fitted(source: Path, target: Path, media_type: str, size: Size) -> bool:
    """Write ``source`` to ``target`` at ``size``, cut at the centre. CPU work.

    False, and nothing written, for a type that is not resampled (animations).
    """
    if media_type not in _SAVE:
        return False
    from PIL import Image, ImageOps

    with Image.open(source, formats=("PNG", "JPEG", "WEBP")) as image:
        profile = image.info.get("icc_profile")
        fit = ImageOps.fit(image, (size.width, size.height), Image.Resampling.LANCZOS)
        fit.save(target, **_SAVE[media_type], **({"icc_profile": profile} if profile else {}))
    return True
