"""``darkroom estimate``: what would be paid, and how that comes about."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.fakes.openai_vendor import OpenAIVendor
from tests.fakes.pictures import Look, picture

AMOUNT = re.compile(r"\$([0-9]+)\.([0-9]+)")


def nanos(text: str) -> list[int]:
    """The dollar amounts of a line."""
    return [int(whole) * 10**9 + int(rest.ljust(9, "0")) for whole, rest in AMOUNT.findall(text)]


def test_the_lines_add_up_to_both_prices(call: Call, vendor: OpenAIVendor) -> None:
    words = ("a red bicycle", "-m", "gpt-image-1.5", "-q", "low", "-s", "1024x1536", "-n", "2")
    done = call("estimate", *words)
    assert done.exit_code == 0, done.stderr
    head, _, title, columns, *lines = [line for line in done.stdout.splitlines() if line]
    assert title.startswith("fake: gpt-image-1.5 1024x1536 by the price sheet 'openai' since 20")
    assert columns.split() == ["PRICE", "COUNT", "EXPECTED", "COUNT", "AT", "MOST"]
    parts, total = [nanos(line)[-2:] for line in lines[:-2]], nanos(lines[-1])
    assert [sum(column) for column in zip(*parts, strict=True)] == total == nanos(head)
    assert 0 < total[0] < total[1]
    assert "image out" in done.stdout
    assert not vendor.received


def test_json_is_the_quote_of_the_server(call: Call) -> None:
    told = json.loads(call("estimate", "a red bicycle", "-q", "low", "--json").stdout)
    assert (told["ok"], told["object"], told["operation"]) == (True, "quote", "generation")
    lines = told["deployments"][0]["expected"]["lines"]
    assert sum(line["nanos"] for line in lines) == told["expected"]["nanos"] > 0


def test_what_is_auto_is_noted(call: Call) -> None:
    assert "'size' is auto: " in call("estimate", "a red bicycle", "-q", "low").stdout


@pytest.mark.parametrize("images", [1, 3])
def test_input_images_are_priced(
    call: Call, folder: Path, vendor: OpenAIVendor, images: int
) -> None:
    (folder / "photo.png").write_bytes(picture("png", Look(64, 48)))
    options = ("-i", "photo.png") * (images - 1) + ("-i", "https://images.example/cat.png")
    done = call(
        "estimate", *options, "make it night", "-m", "gpt-image-1.5", "--input-fidelity", "low"
    )
    assert done.exit_code == 0, done.stderr
    assert "\nimage in " in done.stdout
    assert f"{images} input image(s) not read yet" in done.stdout
    assert not vendor.received


def test_a_price_sheet_can_be_picked(call: Call) -> None:
    words = ("estimate", "a red bicycle", "-m", "gpt-image-1.5", "--price-sheet")
    assert "by the price sheet 'evolink'" in call(*words, "evolink").stdout
    refused = call(*words, "no-such-sheet")
    assert refused.exit_code == 2
    assert "evolink" in refused.stderr


@pytest.mark.parametrize("words", [("a cat", "-s", "tall"), ("a cat", "-i", "nowhere.png"), (" ",)])
def test_what_cannot_be_made_has_no_price(call: Call, words: tuple[str, ...]) -> None:
    done = call("estimate", *words)
    assert (done.exit_code, done.stdout) == (2, "")


def test_it_needs_no_server(start: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = start("estimate", "-", "-q", "low", "--json", stdin=b"a red bicycle")
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 0, stderr
    assert json.loads(stdout)["expected"]["nanos"] > 0
