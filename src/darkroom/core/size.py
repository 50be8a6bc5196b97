"""Pixel sizes: parsing, printing, comparing aspect ratios."""

import re
from dataclasses import dataclass
from typing import Self

_PATTERN = re.compile(r"(\d{1,5})\s*[x×]\s*(\d{1,5})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """A width and a height in pixels, both at least 1."""

    width: int
    height: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read ``"1024x1536"``; None when the text is not a size (``"auto"`` included)."""
        match = _PATTERN.fullmatch(text.strip())
        if match is None:
            return None
        width, height = int(match[1]), int(match[2])
        return cls(width, height) if width and height else None

    @property
    def pixels(self) -> int:
        return self.width * self.height

    @property
    def ratio(self) -> float:
        """Long edge over short edge, at least 1."""
        return max(self.width, self.height) / min(self.width, self.height)

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"
