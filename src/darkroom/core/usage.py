"""What an upstream counted for one request, in the categories that have their own price."""

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
