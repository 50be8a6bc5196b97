"""Counts the tokens of a text as OpenAI's ``o200k_base`` makes them: exactly, and offline.

The vocabulary lies compressed beside this module (ADR 0008) and is read when the first text is
counted that could be over its limit. It stays as it lies, sorted, and is searched by bisection:
a dictionary of it would take ten times the memory.
"""

import re
import unicodedata
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache, lru_cache
from heapq import heapify, heappop, heappush
from importlib.resources import files
from itertools import accumulate

SIZE = 199_998
_TOKEN_BYTES_MAX = 128

# A text is cut into pieces, and no token reaches over a cut. The published pattern needs Unicode
# categories, which `re` lacks: it is matched against a shadow of the text in which each character
# outside of ASCII is replaced by one of its kind.
# https://github.com/openai/tiktoken/blob/main/tiktoken_ext/openai_public.py
_OTHER_LETTER, _MARK = "\u00aa", "\u0300"
_SHADOWS = {
    **dict.fromkeys(("Lu", "Lt"), "Q"),
    "Ll": "q",
    **dict.fromkeys(("Lm", "Lo"), _OTHER_LETTER),
    **dict.fromkeys(("Mn", "Mc", "Me"), _MARK),
    **dict.fromkeys(("Nd", "Nl", "No"), "0"),
    **dict.fromkeys(("Zs", "Zl", "Zp"), "\t"),
}
_SPECIAL = {"\u0085": "\t", "\u017f": "s"}  # white space of category Cc; a long s folds to s
_UPPER, _LOWER = f"[A-Z{_OTHER_LETTER}{_MARK}]", f"[a-z{_OTHER_LETTER}{_MARK}]"
_OPENING = rf"[^\r\nA-Za-z{_OTHER_LETTER}0-9]?"
_CLITIC = "(?:'(?i:s|t|re|ve|m|ll|d))?"
_PIECE = re.compile(
    rf"{_OPENING}{_UPPER}*{_LOWER}+{_CLITIC}"
    rf"|{_OPENING}{_UPPER}+{_LOWER}*{_CLITIC}"
    r"|[0-9]{1,3}"
    rf"| ?[^\sA-Za-z{_OTHER_LETTER}0-9]+[\r\n/]*"
    r"|\s*[\r\n]+"
    r"|\s+(?!\S)"
    r"|\s+",
    re.ASCII,
)


def token_count(text: str) -> int:
    """How many tokens the text has. Special tokens such as ``<|endoftext|>`` are text here."""
    return sum(map(_tokens, _pieces(text)))


def has_more_tokens(text: str, limit: int) -> bool:
    """Whether the text has more than ``limit`` tokens; what is plainly so or not is not counted."""
    size = len(_encoded(text))
    if size <= limit:  # a token has at least one byte
        return False
    if size > limit * _TOKEN_BYTES_MAX:
        return True
    counted = accumulate(map(_tokens, _pieces(text)))
    return any(count > limit for count in counted)


def vocabulary() -> Iterator[tuple[bytes, int]]:
    """Every token with its rank, in the order of their bytes."""
    book = _book()
    return ((book.token(index), book.rank_at(index)) for index in range(SIZE))


class _Vocabulary:
    """The file: the tokens' lengths, three planes of their ranks (low byte first), the tokens."""

    def __init__(self, data: bytes) -> None:
        self._ranks = memoryview(data)[SIZE : 4 * SIZE]
        self._tokens = data[4 * SIZE :]
        self._starts = array("I", accumulate(data[:SIZE], initial=0))

    def rank(self, token: bytes) -> int | None:
        """Its place in the order of merging; None when it is no token."""
        index = bisect_left(range(SIZE), token, key=self.token)
        return self.rank_at(index) if index < SIZE and self.token(index) == token else None

    def token(self, index: int) -> bytes:
        return self._tokens[self._starts[index] : self._starts[index + 1]]

    def rank_at(self, index: int) -> int:
        low, middle, high = self._ranks[index::SIZE]
        return low | middle << 8 | high << 16


@cache
def _book() -> _Vocabulary:
    return _Vocabulary(zlib.decompress(files(__name__).joinpath("o200k_base.z").read_bytes()))


@lru_cache(1 << 14)
def _rank(token: bytes) -> int | None:
    return _book().rank(token)


def _pieces(text: str) -> Iterator[bytes]:
    shadow = text if text.isascii() else "".join(map(_shadow, text))
    return (_encoded(text[match.start() : match.end()]) for match in _PIECE.finditer(shadow))


def _shadow(character: str) -> str:
    if character.isascii():
        return character
    return _SPECIAL.get(character) or _SHADOWS.get(unicodedata.category(character), "\0")


def _encoded(text: str) -> bytes:
    return text.encode(errors="replace")  # a lone surrogate is no reason to fail


def _tokens(piece: bytes) -> int:
    """How many tokens are left when no two neighbours in the piece make a token any more.

    Of all neighbours, those whose union has the lowest rank are merged first.
    """
    size = len(piece)
    if size == 1 or (size <= _TOKEN_BYTES_MAX and _rank(piece) is not None):
        return 1
    ends = list(range(1, size + 1))  # by where a part starts; 0 where none does any more
    before = list(range(-1, size - 1))
    heap = [
        (rank, start, start + 2)
        for start in range(size - 1)
        if (rank := _rank(piece[start : start + 2])) is not None
    ]
    heapify(heap)
    count = size
    while heap:
        _, start, end = heappop(heap)
        middle = ends[start]
        if not start < middle < end or ends[middle] != end:
            continue  # one of the two was merged with its other neighbour
        ends[start], ends[middle] = end, 0
        count -= 1
        unions = [(before[start], end)] if start else []
        if end < size:
            before[end] = start
            unions.append((start, ends[end]))
        for left, right in unions:
            if right - left <= _TOKEN_BYTES_MAX and (rank := _rank(piece[left:right])) is not None:
                heappush(heap, (rank, left, right))
    return count
