"""``darkroom batch`` on the command line: files, prices, what is told, exit codes."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from darkroom.report.runs import read_runs
from darkroom_client import Money
from tests.cli.conftest import Call
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor

ROWS = "id,prompt,size,quality\na,붉은 자전거,1024x1024,low\nb,a blue car,1536x1024,low\n"
QUICK = ("-m", "gpt-image-1.5", "--retries", "0")


@pytest.fixture
def rows(folder: Path) -> Path:
    path = folder / "rows.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def summary(done: Any) -> dict[str, Any]:
    return json.loads(done.stdout)


@pytest.mark.usefixtures("rows")
def test_a_table_becomes_files_a_manifest_and_costs(
    call: Call, folder: Path, vendor: OpenAIVendor
) -> None:
    done = call("batch", "rows.csv", *QUICK, "--contact-sheet", "--report")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "rows-batch/001-붉은-자전거.png",
        "rows-batch/002-a-blue-car.png",
    ]
    assert "2 ok · $0." in done.stderr
    runs = read_runs(folder / "rows-batch")
    assert [(run.id, run.deployment, run.request["size"]) for run in runs] == [
        ("a", "fake", "1024x1024"),
        ("b", "fake", "1536x1024"),
    ]
    for run in runs:
        assert run.charge is not None
        assert sum(line.amount_nanos for line in run.charge.lines) == run.charged_nanos > 0
    with (folder / "rows-batch/costs.csv").open(encoding="utf-8", newline="") as file:
        costs = list(csv.DictReader(file))
    assert [(one["id"], int(one["nanos"]), one["images"]) for one in costs] == [
        (run.id, run.charged_nanos, "1") for run in runs
    ]
    with Image.open(folder / "rows-batch/contact-sheet.png") as sheet:
        assert sheet.size == (2 * 268 + 12, 268 + 12)
    report = (folder / "rows-batch/report.html").read_text(encoding="utf-8")
    assert "붉은 자전거" in report
    assert "002-a-blue-car.png" in report
    assert sorted(one.params["prompt"] for one in vendor.received) == ["a blue car", "붉은 자전거"]


@pytest.mark.usefixtures("rows")
def test_the_same_command_again_buys_nothing(call: Call, vendor: OpenAIVendor) -> None:
    first = summary(call("batch", "rows.csv", *QUICK, "--json"))
    again = call("batch", "rows.csv", *QUICK, "--json")
    assert again.exit_code == 0
    assert summary(again) == first
    assert len(vendor.received) == 2


@pytest.mark.usefixtures("rows")
def test_a_dry_run_prices_everything_and_makes_nothing(
    call: Call, folder: Path, vendor: OpenAIVendor
) -> None:
    done = call("batch", "rows.csv", *QUICK, "--dry-run")
    assert done.exit_code == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[:5] for line in lines[1:3]] == [
        ["gpt-image-1.5", "1024x1024", "low", "1", "1"],
        ["gpt-image-1.5", "1536x1024", "low", "1", "1"],
    ]
    assert lines[-1][:3] == ["total", "2", "2"]
    told = summary(call("batch", "rows.csv", *QUICK, "--dry-run", "--json"))
    assert told["expected"]["nanos"] == sum(one["expected_nanos"] for one in told["rows"])
    assert Money.dollars(lines[-1][3].removeprefix("$")).nanos == told["expected"]["nanos"]
    assert vendor.received == []
    assert [path.name for path in folder.iterdir()] == ["rows.csv"]


def test_a_prompt_and_a_grid_need_no_file(call: Call, vendor: OpenAIVendor) -> None:
    grid = ("--grid", "size=1024x1024,1024x1536", "quality=low,medium")
    done = call("batch", "a red bicycle", *QUICK, *grid, "-o", "out", "--json")
    assert done.exit_code == 0, done.stderr
    assert summary(done)["images"] == 4
    asked = {(one.params["size"], one.params["quality"]) for one in vendor.received}
    assert len(asked) == 4


def test_no_row_is_sent_when_one_is_wrong(call: Call, folder: Path, vendor: OpenAIVendor) -> None:
    (folder / "local.csv").write_text("prompt,sice\na,1\n", encoding="utf-8")
    done = call("batch", "local.csv")
    assert done.exit_code == 2
    assert done.stderr.startswith("local.csv:2: unknown column 'sice'.")
    # Only the server knows what models there are.
    (folder / "far.csv").write_text("prompt,model\na,\nb,none-such\n", encoding="utf-8")
    done = call("batch", "far.csv")
    assert done.exit_code == 2
    assert "far.csv:3: The model 'none-such' does not exist." in done.stderr
    told = summary(call("batch", "far.csv", "--json"))
    assert [one["line"] for one in told["error"]["problems"]] == [3]
    assert vendor.received == []
    assert not (folder / "far-batch").exists()


def test_refused_rows_go_on_and_leave_with_7(
    call: Call, folder: Path, vendor: OpenAIVendor
) -> None:
    (folder / "a.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    vendor.next(Fault.MODERATION_BLOCKED)
    done = call("batch", "a.txt", *QUICK, "--concurrency", "1", "--json-events", "--json")
    assert done.exit_code == 7
    told = summary(done)
    assert (told["succeeded"], told["refused"], told["failed"], told["left"]) == (2, 1, 0, 0)
    events = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    ends = [event["state"] for event in events if event["state"] != "running"]
    assert ends == ["failed", "succeeded", "succeeded"]


def test_when_all_are_refused_it_leaves_with_3(
    call: Call, folder: Path, vendor: OpenAIVendor
) -> None:
    (folder / "a.txt").write_text("one\ntwo\n", encoding="utf-8")
    vendor.always(Fault.MODERATION_BLOCKED)
    done = call("batch", "a.txt", *QUICK)
    assert done.exit_code == 3
    assert "2 refused · $0.00 charged" in done.stderr


def test_a_cap_leaves_rows_out_and_says_so(call: Call, folder: Path, vendor: OpenAIVendor) -> None:
    (folder / "a.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    options = ("a.txt", *QUICK, "-s", "1024x1024", "-q", "low")
    priced = summary(call("batch", *options, "--dry-run", "--json"))
    most = max(one["max_nanos"] for one in priced["rows"])
    cap = f"0.{most * 3 // 2:09d}"
    done = call("batch", *options, "--max-cost", cap, "--json")
    assert done.exit_code == 7
    told = summary(done)
    assert told["succeeded"] == len(vendor.received) == 1
    assert told["left"] == 2
    assert "--max-cost: 2 rows were left out" in done.stderr
    none = call("batch", *options, "--max-cost", "0", "-o", "other")
    assert none.exit_code == 5
    assert len(vendor.received) == 1


@pytest.mark.usefixtures("rows")
def test_only_some_rows_are_made(call: Call, vendor: OpenAIVendor) -> None:
    done = call("batch", "rows.csv", *QUICK, "--only", "b")
    assert done.exit_code == 0
    assert [one.params["prompt"] for one in vendor.received] == ["a blue car"]
    unknown = call("batch", "rows.csv", "--only", "z")
    assert unknown.exit_code == 2
    assert "no row has the id z" in unknown.stderr


def test_rows_can_edit_images(call: Call, folder: Path, vendor: OpenAIVendor) -> None:
    Image.new("RGB", (1024, 1024), "red").save(folder / "cup.png")
    (folder / "a.csv").write_text("prompt,images\nmake it blue,cup.png\n", encoding="utf-8")
    done = call("batch", "a.csv", *QUICK)
    assert done.exit_code == 0, done.stderr
    assert vendor.received[-1].path.endswith("/images/edits")


@pytest.mark.parametrize(
    "words",
    [
        ("a.txt", "b.txt"),
        ("a prompt", "--max-cost", "much"),
        ("a prompt", "--max-cost", "-1"),
        ("a prompt", "--partial", "2"),
        ("a prompt", "--grid", "size=1024x1024", "-s", "1024x1024"),
        ("none.csv",),
    ],
)
def test_a_wrong_command_line_leaves_with_2(
    call: Call, vendor: OpenAIVendor, words: tuple[str, ...]
) -> None:
    assert call("batch", *words).exit_code == 2
    assert vendor.received == []
