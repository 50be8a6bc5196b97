"""Cuts out a plain background: what joins the border in one colour becomes transparent.

Nothing here knows what the subject is. Where the border is not of one colour, nothing is cut.
"""

import re
from typing import TYPE_CHECKING

from darkroom.imaging.pixels import mapped

if TYPE_CHECKING:
    from PIL import Image

_NEAR = 22
"""How far, of 255 in any channel, a pixel may be from the background's colour and belong to it."""
_FAR = 96
"""From here on an edge pixel is all subject; between the two it is partly transparent."""
_UNIFORM = 0.95
"""So much of the border has to be of the background's colour."""
_LEAST, _MOST = 0.01, 0.995
"""A background smaller or larger than this share of the picture is none, or all there is."""
_FLOODED_MAX = 1_500_000
"""Pixels through which the background is followed; a larger picture is followed scaled down."""
_EDGE = 2
_RUN = re.compile(rb"\xff+")

_Run = tuple[int, int, int]


def matted(picture: "Image.Image") -> "Image.Image | None":
    """An RGB picture with its background cut out (RGBA); None when there is no plain one."""
    from PIL import Image, ImageFilter

    colour = _border_colour(picture)
    distance = _distance(picture, colour)
    near = mapped(distance, [255 if value <= _NEAR else 0 for value in range(256)])
    if _share(_border(near)) < _UNIFORM:
        return None
    region = _joined_to_border(near)
    if not _LEAST <= _share(region) <= _MOST:
        return None
    # A blur that reaches nothing leaves nothing: what is above zero is near the region.
    around = mapped(region.filter(ImageFilter.BoxBlur(_EDGE)), [0] + [255] * 255)
    ramp = mapped(distance, [_ramp(value) for value in range(256)])
    clear = picture.copy()
    clear.putalpha(Image.composite(ramp, Image.new("L", picture.size, 255), around))
    return clear


def _ramp(distance: int) -> int:
    return max(0, min(255, (distance - _NEAR) * 255 // (_FAR - _NEAR)))


def _border(picture: "Image.Image") -> "Image.Image":
    """The outermost pixels of the four sides, in one row."""
    from PIL import Image

    width, height = picture.size
    row = Image.new(picture.mode, (2 * (width + height), 1))
    row.paste(picture.crop((0, 0, width, 1)), (0, 0))
    row.paste(picture.crop((0, height - 1, width, height)), (width, 0))
    turned = Image.Transpose.ROTATE_90
    for index, left in enumerate((0, width - 1)):
        side = picture.crop((left, 0, left + 1, height)).transpose(turned)
        row.paste(side, (2 * width + index * height, 0))
    return row


def _border_colour(picture: "Image.Image") -> tuple[int, ...]:
    """The median of the border, by channel."""
    return tuple(_median(band.histogram()) for band in _border(picture).split())


def _median(histogram: list[int]) -> int:
    half, seen = sum(histogram) / 2, 0
    for value, count in enumerate(histogram):
        seen += count
        if seen >= half:
            return value
    return 255


def _distance(picture: "Image.Image", colour: tuple[int, ...]) -> "Image.Image":
    """By pixel, the largest difference from ``colour`` in any channel."""
    from PIL import Image, ImageChops

    farthest = Image.new("L", picture.size)
    for band, value in zip(picture.split(), colour, strict=True):
        apart = mapped(band, [abs(level - value) for level in range(256)])
        farthest = ImageChops.lighter(farthest, apart)
    return farthest


def _share(mask: "Image.Image") -> float:
    return mask.histogram()[255] / (mask.width * mask.height)


def _joined_to_border(near: "Image.Image") -> "Image.Image":
    """Of the white pixels of ``near``, those that are joined to its border through white ones."""
    from PIL import Image, ImageChops, ImageFilter

    step = 1
    while near.width * near.height > _FLOODED_MAX * step * step:
        step += 1
    if step == 1:
        return _flooded(near)
    small = mapped(near.reduce(step), [0] * 128 + [255] * 128)
    # A coarse cell that holds some edge was left out: its finer part is taken from the picture.
    coarse = _flooded(small).filter(ImageFilter.MaxFilter(3))
    full = (0, 0, coarse.width * step, coarse.height * step)
    cells = coarse.transform(full[2:], Image.Transform.EXTENT, (0, 0, *coarse.size))
    return ImageChops.darker(cells.crop((0, 0, *near.size)), near)


def _flooded(mask: "Image.Image") -> "Image.Image":
    """The white runs of each row, joined to those that they touch in the row above."""
    from PIL import Image

    width, height = mask.size
    data = mask.tobytes()
    runs: list[_Run] = []
    parents: list[int] = [0]  # 0 stands for the border
    above: list[int] = []
    for y in range(height):
        row: list[int] = []
        for found in _RUN.finditer(data, y * width, (y + 1) * width):
            start, end = found.start() - y * width, found.end() - y * width
            label = len(parents)
            edge = y in (0, height - 1) or start == 0 or end == width
            parents.append(0 if edge else label)
            runs.append((y, start, end))
            row.append(label)
        _join(parents, runs, above, row)
        above = row
    out = bytearray(len(data))
    for label, (y, start, end) in enumerate(runs, 1):
        if _root(parents, label) == 0:
            out[y * width + start : y * width + end] = b"\xff" * (end - start)
    return Image.frombytes("L", mask.size, bytes(out))


def _join(parents: list[int], runs: list[_Run], above: list[int], row: list[int]) -> None:
    """Join the runs of two neighbouring rows that overlap; both are in order."""
    index = 0
    for label in row:
        _, start, end = runs[label - 1]
        while index < len(above) and runs[above[index] - 1][2] <= start:
            index += 1
        at = index
        while at < len(above) and runs[above[at] - 1][1] < end:
            one, other = _root(parents, above[at]), _root(parents, label)
            parents[max(one, other)] = min(one, other)
            at += 1


def _root(parents: list[int], label: int) -> int:
    while parents[label] != label:
        parents[label] = parents[parents[label]]
        label = parents[label]
    return label
