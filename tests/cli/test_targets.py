"""File names and screens, without a server."""

import time
from pathlib import Path

import click
import pytest

from darkroom.cli.screen import byte_count, elapsed, table
from darkroom.cli.targets import Targets, Wish, mismatch
from darkroom.core.naming import slug
from darkroom_client import Image
from tests.fakes.pictures import Look, picture

PNG = Image(picture("png", Look(8, 8)))


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("A red bicycle!", "a-red-bicycle"),
        ("붉은 자전거", "붉은-자전거"),
        ("붉은", "붉은"),  # decomposed, as some keyboards write it
        ("赤い自転車、川辺", "赤い自転車-川辺"),
        ("लाल साइकिल", "लाल-साइकिल"),
        ("../../etc/passwd", "etc-passwd"),
        ("🚲🚲", "image"),
        ("x" * 300, "x" * 48),
        ("word " * 40, "-".join(["word"] * 9)),
        ("-o --force", "o-force"),
    ],
)
def test_slugs_keep_every_script(prompt: str, name: str) -> None:
    assert slug(prompt) == name


def test_a_file_that_comes_meanwhile_is_kept(tmp_path: Path) -> None:
    targets = Targets(Wish(str(tmp_path / "bike.png"), "a bike", 1, force=False))
    (tmp_path / "bike.png").write_text("mine")
    assert targets.place([PNG]) == [tmp_path / "bike-2.png"]
    assert (tmp_path / "bike.png").read_text() == "mine"
    assert (tmp_path / "bike-2.png").read_bytes() == PNG.data


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(click.UsageError):
        Targets(Wish(f"{tmp_path}/file/", "a bike", 1, force=False))


def test_mismatches() -> None:
    assert mismatch([Path("a.png"), Path("a.PNG")], [PNG, PNG]) is None
    assert mismatch([Path("a")], [PNG]) is None
    assert mismatch([], [PNG]) is None
    wrong = "PNG, not what the suffix says"
    assert mismatch([Path("a.jpg")], [PNG]) == f"a.jpg holds {wrong}"
    assert mismatch([Path("a-1.avif"), Path("a-2.avif")], [PNG, PNG]) == (
        f"a-1.avif and 1 more hold {wrong}"
    )


def test_tables_align_wide_characters() -> None:
    shown = click.unstyle(table(["NAME", "N"], [["공방", "1"], ["shop", "22"]]))
    assert shown.splitlines() == ["NAME  N", "공방  1", "shop  22"]


def test_numbers_for_people() -> None:
    assert [byte_count(n) for n in (1, 12_345, 1_250_000)] == ["1 kB", "12 kB", "1.2 MB"]
    assert elapsed(time.monotonic() - 125).startswith("2 min 5 s")
