"""An image in the terminal: the protocol that it speaks, or characters."""

import base64
import re

import pytest

from darkroom.cli.previewing import allowed, drawn
from tests.fakes.pictures import Look, picture

RED = picture("png", Look(64, 32, (255, 0, 0)))


def test_half_blocks_have_the_colours_and_the_shape_of_the_image() -> None:
    lines = drawn(RED, {}).splitlines()
    assert len(lines) == 12  # 48 columns, half as high, two pixels to a character
    assert set(map(len, (re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines))) == {48}
    assert lines[0].endswith("\x1b[0m")


@pytest.mark.parametrize(
    ("environment", "begins"),
    [
        ({"TERM": "xterm-kitty"}, "\x1b_Ga=T,f=100,"),
        ({"TERM_PROGRAM": "iTerm.app"}, "\x1b]1337;File=inline=1;"),
    ],
)
def test_terminals_that_show_images_get_a_png(environment: dict[str, str], begins: str) -> None:
    shown = drawn(RED, environment)
    assert shown.startswith(begins)
    encoded = re.split("[;:]", shown.rstrip())[-1].rstrip("\a\\\x1b")
    assert base64.b64decode(encoded).startswith(b"\x89PNG")
    assert not drawn(RED, environment, inline=False).startswith(begins)


def test_what_is_no_image_is_not_drawn_and_who_wants_none_gets_none() -> None:
    assert drawn(b"no image", {}) == ""
    assert allowed({"TERM": "xterm"})
    assert not allowed({"NO_COLOR": "1"})
    assert not allowed({"CI": "true"})
