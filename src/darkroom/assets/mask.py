"""Brings a mask into the one form that goes upstream: a PNG whose transparent pixels are edited.

Masks come in two conventions: alpha 0 marks what may change (OpenAI), or black marks it and white
is kept, without an alpha channel (OpenTryOn). The second is turned into the first.
"""

import io
from pathlib import Path

from darkroom.assets.inspect import ImageFacts


def with_alpha(path: Path, facts: ImageFacts) -> bytes | None:
    """The mask as a PNG with alpha; None when it is one already. CPU work for large files."""
    from PIL import Image

    with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as image:
        if facts.media_type == "image/png" and image.mode in ("RGBA", "LA"):
            return None
        has_alpha = image.mode in ("RGBA", "LA") or "transparency" in image.info
        alpha = image.convert("RGBA").getchannel("A") if has_alpha else image.convert("L")
        white = Image.new("L", image.size, 255)
        out = io.BytesIO()
        Image.merge("LA", (white, alpha)).save(out, "PNG", compress_level=1)
    return out.getvalue()
