"""What an upstream counted for one request, in the categories that have their own price."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one operation. The cached counts are parts of their input counts, not additions."""

    text_in: int = 0
    image_in: int = 0
    cached_text_in: int = 0
    cached_image_in: int = 0
    image_out: int = 0
    text_out: int = 0
    mainline_in: int = 0
    """Of the text model that called the image model, as is all of ``mainline``; no part of the
    totals, which are the image model's."""
    mainline_cached_in: int = 0
    mainline_out: int = 0
    """Reasoning included."""
    reported: bool = True
    """False when the upstream reported nothing and the numbers come from the catalogue."""

    @property
    def input_total(self) -> int:
        return self.text_in + self.image_in

    @property
    def output_total(self) -> int:
        return self.image_out + self.text_out

    @property
    def total(self) -> int:
        return self.input_total + self.output_total


def summed(usages: Sequence[Usage]) -> Usage:
    """The tokens of several image calls together."""
    return Usage(
        text_in=sum(usage.text_in for usage in usages),
        image_in=sum(usage.image_in for usage in usages),
        cached_text_in=sum(usage.cached_text_in for usage in usages),
        cached_image_in=sum(usage.cached_image_in for usage in usages),
        image_out=sum(usage.image_out for usage in usages),
        text_out=sum(usage.text_out for usage in usages),
    )
