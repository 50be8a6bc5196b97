"""Tokens are counted as OpenAI's tokenizer counts them, and only when it matters."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkroom.core import o200k
from darkroom.core.o200k import has_more_tokens, token_count, vocabulary

# As published beside the vocabulary: tiktoken_ext/openai_public.py of openai/tiktoken.
PUBLISHED = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
# What tiktoken 0.14 counts.
COUNTS = {
    "": 0,
    "a": 1,
    "hello world": 2,
    "A beautiful colorful sunset over the ocean": 7,
    "don't STOP, it's HTTPServer's fooBar123456": 11,
    "한국어로 된 프롬프트: 바다 위의 노을": 15,
    "未来都市の夜景、ネオンの光": 10,
    "Ein Fahrrad für die Königin — très bien!": 10,
    "😀👩\u200d👩\u200d👧 family": 10,
    "  leading and   inner spaces\n\n\nand lines \r\n": 10,
    "<|endoftext|>": 7,
    "e\u0301a\u0300 \u017f \u01c5 \u02b0 \u2167 \u00bd \u0085\u00a0\u3000end": 22,
    "x" * 300: 38,
    "https://example.com/a/b/c?d=e&f=g#h//\n/": 17,
}


@pytest.mark.parametrize("text", COUNTS)
def test_it_counts_as_the_original_does(text: str) -> None:
    assert token_count(text) == COUNTS[text]


def test_the_vocabulary_is_the_published_one() -> None:
    by_rank = sorted(vocabulary(), key=lambda entry: entry[1])
    assert len(by_rank) == o200k.SIZE
    lines = (base64.b64encode(token) + b" %d\n" % rank for token, rank in by_rank)
    assert hashlib.sha256(b"".join(lines)).hexdigest() == PUBLISHED


@given(st.text(max_size=60), st.integers(0, 60))
def test_over_the_limit_is_what_the_count_says(text: str, limit: int) -> None:
    count = token_count(text)
    assert has_more_tokens(text, limit) == (count > limit)
    assert count <= len(text.encode(errors="replace"))


def test_a_text_that_cannot_be_over_is_not_counted() -> None:
    o200k._book.cache_clear()
    assert not has_more_tokens("x" * 2_000, 2_000)
    assert has_more_tokens("x" * 2_000 * 128 + "x", 2_000)
    assert o200k._book.cache_info().currsize == 0


def test_one_endless_word_is_counted_as_well() -> None:
    assert token_count("가나다라마바사" * 1_000) == 3_000
    assert token_count(" " * 3_000) == 24


def test_half_a_character_is_no_reason_to_fail() -> None:
    assert token_count("a\ud800b") == token_count("a?b")
