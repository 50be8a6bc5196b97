"""Text models that call an image tool: what a deployment offers of them, what bounds their cost."""

from collections.abc import Mapping
from dataclasses import dataclass

from darkroom.core.money import parse_dollars

CALLS_MAX = 4
"""So many image calls one response makes at most: it is sent upstream, and the hold covers it."""
OUTPUT_MAX = 8_192
"""So many tokens a text model writes at most, unless the request says ``max_output_tokens``."""
_MILLION = 1_000_000
_AMOUNTS = 3


@dataclass(frozen=True, slots=True)
class Mainline:
    """The text model that is to answer a request, and what bounds its tokens.

    ``text_bytes``: of all texts that it reads; no vocabulary makes more tokens of them.
    """

    text_model: str
    text_bytes: int = 0
    output_max: int = OUTPUT_MAX


@dataclass(frozen=True, slots=True)
class MainlinePrice:
    """Nano-dollars per token of a text model."""

    into: int
    cached: int
    out: int


def names(options: Mapping[str, str]) -> Mapping[str, str]:
    """The option ``responses``: ``"gpt-4.1, gpt-5=my-gpt-5"``, public name to the endpoint's own.

    Raises ``ValueError``, for the operator.
    """
    found: dict[str, str] = {}
    for entry in _entries(options.get("responses", "")):
        name, equals, own = (text.strip() for text in entry.partition("="))
        if not name or (equals and not own):
            raise ValueError(f"option 'responses': {entry!r} is not a name or name=upstream")
        found[name] = own or name
    return found


def prices(options: Mapping[str, str]) -> Mapping[str, MainlinePrice]:
    """The option ``responses_prices``: ``"gpt-9=2.00/0.50/8.00"``, dollars per million tokens of
    input, cached input and output. Raises ``ValueError``, for the operator."""
    found: dict[str, MainlinePrice] = {}
    for entry in _entries(options.get("responses_prices", "")):
        name, _, amounts = (text.strip() for text in entry.partition("="))
        told = amounts.split("/")
        if not name or len(told) != _AMOUNTS:
            raise ValueError(
                f"option 'responses_prices': {entry!r} is not name=input/cached/output"
            )
        found[name] = MainlinePrice(*map(_per_token, told))
    return found


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def _per_token(text: str) -> int:
    nanos, rest = divmod(parse_dollars(text.strip()), _MILLION)
    if rest or nanos < 0:
        raise ValueError(
            f"option 'responses_prices': {text!r} is not dollars per million tokens with at most"
            " three decimals"
        )
    return nanos
