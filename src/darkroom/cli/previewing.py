"""Shows an image in the terminal: by kitty's or iTerm2's protocol, or as coloured half blocks."""

import base64
import io
import os
import shutil
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

_COLUMNS_MAX = 48
_PIECE = 4096
"""Of base64, as kitty takes it: https://sw.kovidgoyal.net/kitty/graphics-protocol/"""
_ITERM = ("iTerm.app", "WezTerm")
_UPPER_HALF = "▀"


def allowed(environment: Mapping[str, str]) -> bool:
    """Whether pictures are wanted at all; who has no colours has no use for them."""
    return not any(environment.get(name) for name in ("CI", "NO_COLOR"))


def drawn(data: bytes, environment: Mapping[str, str], *, inline: bool = True) -> str:
    """The text that makes a terminal show the image; "" for one that cannot be read.

    ``inline`` False: characters alone, for a screen that is redrawn by lines.
    """
    from PIL import Image

    columns = min(_COLUMNS_MAX, shutil.get_terminal_size().columns - 1)
    try:
        with Image.open(io.BytesIO(data)) as opened:
            picture = opened.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):
        return ""
    if not inline:
        return _half_blocks(picture, columns)
    if environment.get("KITTY_WINDOW_ID") or environment.get("TERM") == "xterm-kitty":
        return "".join(_kitty(_small(picture), columns)) + "\n"
    if environment.get("TERM_PROGRAM") in _ITERM:
        encoded = base64.b64encode(_small(picture)).decode()
        # https://iterm2.com/documentation-images.html
        return f"\x1b]1337;File=inline=1;width={columns}:{encoded}\a\n"
    return _half_blocks(picture, columns)


def in_terminal(data: bytes, *, inline: bool = True) -> str:
    """:func:`drawn` for the terminal of this process; "" where pictures are not wanted."""
    return drawn(data, os.environ, inline=inline) if allowed(os.environ) else ""


def _small(picture: "Image.Image") -> bytes:
    small = picture.copy()
    small.thumbnail((768, 768))
    file = io.BytesIO()
    small.save(file, "PNG")
    return file.getvalue()


def _kitty(png: bytes, columns: int) -> Iterator[str]:
    encoded = base64.b64encode(png).decode()
    pieces = [encoded[at : at + _PIECE] for at in range(0, len(encoded), _PIECE)]
    for number, piece in enumerate(pieces, 1):
        head = f"a=T,f=100,c={columns}," if number == 1 else ""
        yield f"\x1b_G{head}m={int(number < len(pieces))};{piece}\x1b\\"


def _half_blocks(picture: "Image.Image", columns: int) -> str:
    """Two pixels to a character: the upper one in its colour, the lower one in its background."""
    rows = max(1, round(columns * picture.height / picture.width / 2))
    small = picture.resize((columns, rows * 2))  # pyright: ignore[reportUnknownMemberType]
    data = small.tobytes()

    def pixel(x: int, y: int) -> str:
        at = (y * columns + x) * 3
        return ";".join(map(str, data[at : at + 3]))

    lines = (
        "".join(
            f"\x1b[38;2;{pixel(x, y)}m\x1b[48;2;{pixel(x, y + 1)}m{_UPPER_HALF}"
            for x in range(columns)
        )
        for y in range(0, rows * 2, 2)
    )
    return "\n".join(f"{line}\x1b[0m" for line in lines) + "\n"
