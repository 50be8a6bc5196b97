"""``darkroom report`` and ``darkroom compare``: one command from a prompt to a page."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor

LOW = ("-m", "gpt-image-1.5", "-q", "low")
SIZES = ("-s", "1024x1024", "-s", "1024x1536")


def made(call: Call) -> str:
    """The id of a job that made an image."""
    done = call("generate", "a red bicycle", *LOW, "-s", "1024x1024", "-o", "./", "--json")
    return json.loads(done.stdout)["job_id"]


# --- compare -------------------------------------------------------------------------------------


def test_the_three_sizes_are_the_default(call: Call, folder: Path, vendor: OpenAIVendor) -> None:
    done = call("compare", "a red bicycle", *LOW, "--lang", "en")
    assert done.exit_code == 0, done.stderr
    names = [
        "1-1024x1024-low-gpt-image-1.5.png",
        "2-1792x1024-low-gpt-image-1.5.png",
        "3-1024x1792-low-gpt-image-1.5.png",
    ]
    assert done.stdout.splitlines() == [f"a-red-bicycle/{name}" for name in [*names, "report.html"]]
    assert sorted(os.listdir(folder / "a-red-bicycle")) == [*names, "manifest.jsonl", "report.html"]
    page = (folder / "a-red-bicycle" / "report.html").read_text(encoding="utf-8")
    assert page.count('src="data:image/') == 3
    assert len(vendor.received) == 3


def test_every_combination_is_made_once(call: Call) -> None:
    done = call("compare", "a bike", *LOW, "-q", "medium", *SIZES, "-o", "out", "--json")
    told = json.loads(done.stdout)
    asked = [(run["request"]["quality"], run["request"]["size"]) for run in told["runs"]]
    assert asked == [
        ("low", "1024x1024"),
        ("low", "1024x1536"),
        ("medium", "1024x1024"),
        ("medium", "1024x1536"),
    ]
    assert told["charged"]["nanos"] == sum(run["charge"]["nanos"] for run in told["runs"]) > 0
    assert told["report"] == "out/report.html"


def test_the_price_comes_first_and_a_dry_run_ends_there(
    call: Call, folder: Path, vendor: OpenAIVendor
) -> None:
    priced = json.loads(call("compare", "a bike", *LOW, "--dry-run", "--json").stdout)
    assert sum(one["nanos"] for one in priced["images"]) == priced["expected"]["nanos"] > 0
    table = call("compare", "a bike", *LOW, "--dry-run").stdout.splitlines()
    assert table[0].split() == ["SIZE", "QUALITY", "MODEL", "EXPECTED"]
    assert len(table) == 6
    assert not vendor.received
    assert not os.listdir(folder)


def test_a_wrong_size_is_found_before_anything_is_spent(
    call: Call, folder: Path, vendor: OpenAIVendor
) -> None:
    assert call("compare", "a bike", *LOW, "-s", "1024x1024", "-s", "tall").exit_code == 2
    assert not vendor.received
    assert not os.listdir(folder)


def test_a_refused_one_leaves_the_others(call: Call, folder: Path, vendor: OpenAIVendor) -> None:
    vendor.next(Fault.MODERATION_BLOCKED)
    done = call("compare", "a bike", *LOW, *SIZES, "-o", "out", "--lang", "en")
    assert done.exit_code == 7, done.stderr
    assert "moderation_blocked" in done.stderr
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "Nothing was charged." in page
    assert page.count('src="data:image/') == 1


def test_when_all_are_refused_the_exit_code_says_so(call: Call, vendor: OpenAIVendor) -> None:
    vendor.next(Fault.MODERATION_BLOCKED)
    assert call("compare", "a bike", *LOW, "-s", "1024x1024", "-o", "out").exit_code == 3


def test_nothing_is_put_among_other_files(call: Call, folder: Path, vendor: OpenAIVendor) -> None:
    (folder / "a-bike").mkdir()
    done = call("compare", "a bike", *LOW, "-s", "1024x1024")
    assert done.stdout.endswith("a-bike-2/report.html\n")
    before = len(vendor.received)
    again = call("compare", "a bike", *LOW, "-s", "1024x1024", "-o", "a-bike-2")
    assert again.exit_code == 1
    assert "not empty" in again.stderr
    assert len(vendor.received) == before


# --- report --------------------------------------------------------------------------------------


def test_a_comparison_can_be_told_again_in_korean(call: Call, folder: Path) -> None:
    call("compare", "a bike", *LOW, "-s", "1024x1024", "-o", "out")
    done = call("report", "--batch", "out", "--lang", "ko", "--base-url", "http://127.0.0.1:1")
    assert (done.exit_code, done.stdout) == (0, "out/report.html\n")
    assert '<html lang="ko">' in (folder / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("embed", ["preview", "full", "none"])
def test_jobs_are_told_with_their_images(call: Call, folder: Path, embed: str) -> None:
    first, second = made(call), made(call)
    done = call("report", second, first, "--embed", embed, "-o", "both.html", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["requests"], told["images"], told["report"]) == (2, 2, "both.html")
    page = (folder / "both.html").read_text(encoding="utf-8")
    assert page.index(second) < page.index(first)
    assert page.count("data:image/") == (0 if embed == "none" else 2)
    kept = folder / "both-files"
    assert (len(os.listdir(kept)) if kept.exists() else 0) == (0 if embed == "full" else 2)


def test_the_last_jobs_are_told_oldest_first(call: Call, folder: Path) -> None:
    first, second = made(call), made(call)
    assert call("report", "--last", "2").stdout == "report.html\n"
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.index(first) < page.index(second)


def test_a_page_that_exists_is_not_overwritten_unasked(call: Call, folder: Path) -> None:
    (folder / "report.html").write_text("mine")
    refused = call("report", made(call))
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert (folder / "report.html").read_text() == "mine"
    assert call("report", "--last", "1", "--force").exit_code == 0


@pytest.mark.parametrize("words", [(), ("job-1", "--last", "2"), ("--last", "0")])
def test_one_way_to_choose_jobs_is_needed(call: Call, words: tuple[str, ...]) -> None:
    assert call("report", *words).exit_code == 2


def test_what_is_no_batch_and_no_job_is_said(call: Call, folder: Path) -> None:
    (folder / "empty").mkdir()
    assert "has no manifest.jsonl" in call("report", "--batch", "empty").stderr
    assert call("report", "no-such-job").exit_code == 1
    assert os.listdir(folder) == ["empty"]
