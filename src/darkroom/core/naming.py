"""Names of files, made from prompts."""

import unicodedata

_SLUG_MAX = 48
_SLUG_BYTES_MAX = 160


def slug(prompt: str) -> str:
    """A file name of the prompt's first words, in whatever script: ``붉은-자전거``."""
    text = unicodedata.normalize("NFC", prompt.lower())
    kept = (char if unicodedata.category(char)[0] in "LNM" else " " for char in text)
    found = ""
    for word in "".join(kept).split():
        longer = f"{found}-{word}" if found else word[:_SLUG_MAX]
        if len(longer) > _SLUG_MAX or len(longer.encode()) > _SLUG_BYTES_MAX:
            break
        found = longer
    return found or "image"
