"""How prompts are compared: alike in every case, and however their letters are composed."""

import unicodedata


def folded(text: str) -> str:
    """The text for searching in, or for. Korean typed on a Mac is composed like everybody's."""
    # PostgreSQL stores no NUL
    return unicodedata.normalize("NFC", text.casefold()).replace("\0", " ")
