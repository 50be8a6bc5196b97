"""Colours as RGB triples and the little arithmetic that drawing needs."""

RGB = tuple[int, int, int]

WHITE: RGB = (255, 255, 255)
BLACK: RGB = (0, 0, 0)


def rgb(text: str) -> RGB:
    """``"#ffcc00"`` or ``"ffcc00"`` as a triple."""
    text = text.removeprefix("#")
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def mix(one: RGB, other: RGB, amount: float) -> RGB:
    """``one`` at amount 0, ``other`` at amount 1."""
    keep = 1.0 - amount
    return (
        round(one[0] * keep + other[0] * amount),
        round(one[1] * keep + other[1] * amount),
        round(one[2] * keep + other[2] * amount),
    )


def lighter(color: RGB, amount: float) -> RGB:
    return mix(color, WHITE, amount)


def darker(color: RGB, amount: float) -> RGB:
    """Towards a bluish black: pure black looks dead beside colour."""
    return mix(color, (12, 10, 28), amount)


def luminance(color: RGB) -> float:
    """Perceived lightness from 0 to 1 (Rec. 709 weights)."""
    return (0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2]) / 255.0
