"""Type: the bundled faces, which of them can set a text, line breaking that fills a box."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files

from PIL import Image, ImageDraw, ImageFont

from darkroom.providers.sandbox.paint import Paint
from darkroom.providers.sandbox.pen import Pen

SANS = "LeagueSpartan-Bold.otf"
NARROW = "BebasNeue-Bold.otf"
KOREAN = "NanumSquareEB.ttf"
_LEADING = {SANS: 1.0, NARROW: 0.96, KOREAN: 1.2}
_HEIGHT = {SANS: 0.78, NARROW: 0.76, KOREAN: 1.0}
"""Of one line, from the top of its capitals to a little under the base line, in ems."""
_PROBE = 100
"""Point size at which texts are measured before they are scaled."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A text broken into lines, with its face and its size in device pixels."""

    lines: tuple[str, ...]
    face: str
    size: float

    @property
    def height(self) -> float:
        """Device pixels from the first line's top to the last line's bottom."""
        return self.size * (_LEADING[self.face] * (len(self.lines) - 1) + _HEIGHT[self.face])

    @property
    def pitch(self) -> float:
        return self.size * _LEADING[self.face]


@lru_cache(maxsize=64)
def font(face: str, size: int) -> ImageFont.FreeTypeFont:
    with as_file(files("darkroom.providers.sandbox") / "fonts" / face) as path:
        return ImageFont.truetype(str(path), size)


@lru_cache(maxsize=4096)
def _has(face: str, character: str) -> bool:
    """Whether a face has a glyph; a missing one is drawn like an unassigned code point."""
    if character.isspace():
        return True
    return _ink(face, character) not in (b"", _ink(face, "\U000effff"))


@lru_cache(maxsize=4096)
def _ink(face: str, character: str) -> bytes:
    """The pixels of one character; empty when it leaves no trace."""
    cell = Image.new("L", (48, 48), 0)
    ImageDraw.Draw(cell).text((8, 36), character, font=font(face, 24), fill=255, anchor="ls")
    return cell.tobytes() if cell.getbbox() else b""


def typesettable(text: str) -> str:
    """``text`` without the characters that no bundled face has."""
    kept = [c for c in text if _has(SANS, c) or _has(KOREAN, c)]
    return " ".join("".join(kept).split())


def face_for(text: str, wish: str) -> str:
    """The wished face if it can set every character, else the one with Hangul."""
    return wish if all(_has(wish, c) for c in text) else KOREAN


def fit(text: str, width: float, height: float, face: str, most: float = 1e9) -> Setting:
    """Break and scale ``text`` to fill ``width`` by ``height`` device pixels."""
    face = face_for(text, face)
    pieces = _pieces(text, face, width, height)
    best = Setting((text,), face, 0.0)
    for count in range(1, min(len(pieces), 14) + 1):
        lines = _balanced(pieces, count, face)
        widest = max(_width(line, face) for line in lines)
        tall = _LEADING[face] * (len(lines) - 1) + _HEIGHT[face]
        size = min(width / widest, height / tall, most)
        if size > best.size * 1.02:
            best = Setting(tuple(lines), face, size)
    return best


def draw(pen: Pen, setting: Setting, spot: tuple[float, float], paint: Paint, **how: float) -> None:
    """Set lines in device pixels: ``spot`` is the top of the block, at its ``anchor`` (0 left,
    0.5 centre, 1 right). ``alpha`` and ``spread`` (letter-spacing in ems) as keywords.
    """
    anchor, alpha, spread = how.get("anchor", 0.5), how.get("alpha", 1.0), how.get("spread", 0.0)
    type_ = font(setting.face, max(6, round(setting.size)))
    board = pen.board
    for row, line in enumerate(setting.lines):
        width = _line_width(type_, line, spread)
        left = spot[0] - width * anchor
        cap = type_.getbbox("한" if setting.face == KOREAN else "H", anchor="ls")
        base = spot[1] + row * setting.pitch - cap[1]
        margin = type_.size
        rect = (
            max(0, int(left - margin)),
            max(0, int(base - margin * 1.3)),
            min(board.image.width, int(left + width + margin)),
            min(board.image.height, int(base + margin * 0.6)),
        )
        if rect[2] <= rect[0] or rect[3] <= rect[1]:
            continue
        mask = Image.new("L", (rect[2] - rect[0], rect[3] - rect[1]), 0)
        pencil = ImageDraw.Draw(mask)
        _letters(pencil, type_, line, (left - rect[0], base - rect[1], spread))
        pen.stamp(mask, rect, paint, alpha)


def _letters(
    pencil: ImageDraw.ImageDraw,
    type_: ImageFont.FreeTypeFont,
    line: str,
    place: tuple[float, float, float],
) -> None:
    x, base, spread = place
    if not spread:
        pencil.text((x, base), line, font=type_, fill=255, anchor="ls")
        return
    for character in line:
        pencil.text((x, base), character, font=type_, fill=255, anchor="ls")
        x += type_.getlength(character) + spread * type_.size


def _line_width(type_: ImageFont.FreeTypeFont, line: str, spread: float) -> float:
    if not spread:
        return type_.getlength(line)
    return sum(type_.getlength(c) for c in line) + spread * type_.size * (len(line) - 1)


@lru_cache(maxsize=1024)
def _width(line: str, face: str) -> float:
    """The width of a line set at size 1."""
    return max(font(face, _PROBE).getlength(line), 1.0) / _PROBE


def _pieces(text: str, face: str, width: float, height: float) -> list[str]:
    """Words; a single word too long for the box is cut into parts."""
    longest = max(8, round(12 * width / max(height, 1.0)))
    out: list[str] = []
    for word in text.split(" "):
        if _width(word, face) <= longest * 0.75 or len(word) <= longest:
            out.append(word)
        else:
            out.extend(word[i : i + longest] for i in range(0, len(word), longest))
    return out


def _balanced(pieces: list[str], count: int, face: str) -> list[str]:
    """``count`` lines whose widest is as narrow as possible (smallest width that still fits)."""
    low = max(_width(piece, face) for piece in pieces)
    high = _width(" ".join(pieces), face)
    best = _filled(pieces, high, face)
    for _ in range(12):
        middle = (low + high) / 2
        lines = _filled(pieces, middle, face)
        if len(lines) <= count:
            best, high = lines, middle
        else:
            low = middle
    return best


def _filled(pieces: list[str], limit: float, face: str) -> list[str]:
    lines = [pieces[0]]
    for piece in pieces[1:]:
        joined = f"{lines[-1]} {piece}"
        if _width(joined, face) <= limit * 1.0001:
            lines[-1] = joined
        else:
            lines.append(piece)
    return lines
