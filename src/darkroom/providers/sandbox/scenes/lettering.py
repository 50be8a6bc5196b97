"""Texts of the prompt set into a frame: a headline and smaller lines."""

from darkroom.providers.sandbox import typography as type_
from darkroom.providers.sandbox.paint import Paint
from darkroom.providers.sandbox.scenes.stage import Stage

Frame = tuple[float, float, float, float]
"""Left, top, right, bottom in the pen's units."""


def lettering(
    stage: Stage, texts: tuple[str, ...], frame: Frame, paints: tuple[Paint, Paint]
) -> None:
    """Headline and small lines centred in ``frame``: the text decides how the space is shared."""
    headline, rest = split(texts)
    left, top, right, bottom = (edge * stage.pen.scale for edge in frame)
    width, height = right - left, bottom - top
    wish = stage.pick(type_.SANS, type_.NARROW)
    gap = height * 0.07
    small = [
        type_.fit(line, width * 0.92, height * 0.24 / len(rest), type_.SANS, height * 0.17)
        for line in rest
    ]
    below_ = sum(item.height + gap for item in small)
    main = type_.fit(headline, width, height - below_, wish)
    y = top + (height - main.height - below_) / 2
    middle = (left + right) / 2
    type_.draw(stage.pen, main, (middle, y), paints[0])
    y += main.height + gap
    for item in small:
        type_.draw(stage.pen, item, (middle, y), paints[1])
        y += item.height + gap


def split(texts: tuple[str, ...]) -> tuple[str, list[str]]:
    """A headline and what follows: at the first comma, dash or colon of a single text."""
    usable = [text for text in map(type_.typesettable, texts) if text]
    if not usable:
        return "", []
    first, rest = usable[0], usable[1:]
    for mark in (", ", " - ", " — ", ": ", " | ", "! "):
        head, found, tail = first.partition(mark)
        if found and len(head) >= 3 and tail:
            return head + mark.strip(" ,-—:|"), [tail, *rest]
    return first, rest
