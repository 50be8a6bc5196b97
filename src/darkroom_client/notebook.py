"""How notebooks show images: previews, made with Pillow where that is installed."""

import base64
import io
from collections.abc import Sequence
from html import escape
from typing import Any

_SIDE_MAX = 1024
_GRID_SIDE_MAX = 512


def bundle(data: bytes, format: str, text: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Data and metadata by media type, images in base64, as IPython's own images tell them."""
    shown = {"text/plain": text}
    if format:
        data, media_type = _preview(data, format, _SIDE_MAX)
        shown[media_type] = base64.b64encode(data).decode()
    return shown, {}


def grid(images: Sequence[tuple[bytes, str]], words: Sequence[str]) -> str:
    """The images, bytes and format each, side by side above a line of words."""
    shown = "".join(_figure(data, format) for data, format in images)
    line = " · ".join(escape(word) for word in words)
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:8px">'
        f"{shown}</div><p style='margin:4px 0'>{line}</p>"
    )


def _figure(data: bytes, format: str) -> str:
    if not format:
        return ""
    data, media_type = _preview(data, format, _GRID_SIDE_MAX)
    url = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
    return f'<img src="{url}" alt="" style="max-width:{_GRID_SIDE_MAX // 2}px;height:auto">'


def _preview(data: bytes, format: str, side_max: int) -> tuple[bytes, str]:
    """A small WebP; the image itself when it is small, moves, or there is no Pillow."""
    whole = data, f"image/{format}"
    try:
        from PIL import Image as Pillow
    except ImportError:
        return whole
    try:
        with Pillow.open(io.BytesIO(data)) as image:
            if max(image.size) <= side_max or getattr(image, "is_animated", False):
                return whole
            small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    except (OSError, ValueError, Pillow.DecompressionBombError):
        return whole
    small.thumbnail((side_max, side_max))
    written = io.BytesIO()
    small.save(written, "WEBP", quality=85)
    return written.getvalue(), "image/webp"
