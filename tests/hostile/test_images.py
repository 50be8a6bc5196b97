"""Bombs and odd files through all that a worker does: nothing crashes, hangs or swells.

The long form, with Pillow's own test images: ``python -m tests.hostile images``.
"""

import asyncio
import sys
from pathlib import Path

import pytest

from darkroom.imaging.cleaning import cleaned
from darkroom.imaging.inspect import NotAnImage, inspect
from tests.hostile.bombs import BOMBS, ODD, flat_webp
from tests.hostile.survey import MORE_BYTES_MAX, Survey, survey
from tests.imaging.images import CANARY, opened


@pytest.fixture(scope="module")
def bombs() -> Survey:
    return asyncio.run(survey((name, make()) for name, make in BOMBS.items()))


def test_every_bomb_is_refused_and_harms_nothing(bombs: Survey) -> None:
    assert bombs.wrong == {}
    assert bombs.files == len(BOMBS)
    assert bombs.accepted == 0
    assert bombs.refused_by_header + bombs.refused_by_worker == bombs.files


def test_most_bombs_do_not_get_as_far_as_a_worker(bombs: Survey) -> None:
    assert bombs.refused_by_header > bombs.files // 2


def test_odd_images_are_images() -> None:
    found = asyncio.run(survey((name, make()) for name, make in ODD.items()))
    assert found.wrong == {}
    assert (found.files, found.accepted) == (len(ODD), len(ODD))
    if sys.platform == "linux":
        assert 0 < found.most_bytes <= MORE_BYTES_MAX


@pytest.mark.parametrize("name", [name for name in ODD if b"CANARY" in ODD[name]()])
def test_what_an_odd_image_says_beside_itself_is_dropped(name: str, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(ODD[name]())
    assert cleaned(source, target, inspect(source))
    after = target.read_bytes()
    assert CANARY not in after
    assert opened(after).size in ((40, 24), (24, 40))


def test_the_smallest_bomb_is_a_valid_image(tmp_path: Path) -> None:
    """Else its refusal would prove nothing."""
    assert opened(flat_webp(300, 200)).convert("RGB").getextrema() == ((0, 0),) * 3
    path = tmp_path / "bomb"
    path.write_bytes(flat_webp(16_383, 10_000))
    assert path.stat().st_size < 40
    with pytest.raises(NotAnImage, match="16383x10000 pixels"):
        inspect(path)
