"""JSON with places for images in it: they are filled while it is sent."""

import re
from typing import Any

import msgspec

from darkroom.core.dialect import Base64Of, Piece
from darkroom.core.ids import new_token
from darkroom.core.job import Asset


class Holes:
    """Marks places in a value that is to be written as JSON. No text of a caller can look like a
    mark: it is random."""

    def __init__(self) -> None:
        self._token = new_token()
        self._assets: list[Asset] = []

    def base64_of(self, asset: Asset) -> str:
        """Stands for the image's bytes."""
        self._assets.append(asset)
        return f"{self._token}.{len(self._assets) - 1}."

    def pieces(self, value: Any) -> list[Piece]:
        """The value as JSON, with every mark a place of its own."""
        texts = re.split(self._token.encode() + rb"\.([0-9]+)\.", msgspec.json.encode(value))
        return [
            Base64Of(self._assets[int(text)]) if index % 2 else text
            for index, text in enumerate(texts)
        ]
