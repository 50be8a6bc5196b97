"""OpenTryOn's GPT image adapter, made anew: the same calls over any server of OpenAI's API."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from darkroom_tryon.adapter import GPTImageAdapter as GPTImageAdapter

__all__ = ["GPTImageAdapter"]


def __getattr__(name: str) -> object:
    """The finder runs at every start of Python, so the adapter is imported when it is used."""
    if name != "GPTImageAdapter":
        raise AttributeError(name)
    from darkroom_tryon.adapter import GPTImageAdapter

    return GPTImageAdapter
