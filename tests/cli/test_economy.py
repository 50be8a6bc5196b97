"""``--economy``: what it saves, and rows that are all sent before any is awaited."""

import json
from pathlib import Path

from darkroom.cli.batch.running import Limits
from tests.cli.conftest import Call
from tests.cli.shops import MOST, PRICE, Shelf, row
from tests.cli.test_batch_running import run
from tests.fakes.openai_vendor import OpenAIVendor

CHEAP = ("-m", "gpt-image-1.5", "-q", "low", "-s", "1024x1024", "--economy")


def test_generate_says_what_was_saved(call: Call, folder: Path, vendor: OpenAIVendor) -> None:
    done = call("generate", "a red bicycle", *CHEAP, "-o", "bike.png", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["saved"] == told["charge"]
    assert told["saved"]["nanos"] > 0
    assert "saved by --economy" in done.stderr
    assert (folder / "bike.png").is_file()
    assert len(vendor.batches.made) == 1


def test_estimate_says_what_would_be_saved(call: Call) -> None:
    done = call("estimate", "a red bicycle", *CHEAP)
    assert done.exit_code == 0, done.stderr
    assert "saved by --economy: the usual price is $0." in done.stdout


def test_a_batch_says_what_was_saved(call: Call, folder: Path, vendor: OpenAIVendor) -> None:
    (folder / "rows.txt").write_text("a red bicycle\na blue car\n")
    priced = call("batch", "rows.txt", *CHEAP, "--dry-run", "--json")
    plan = json.loads(priced.stdout)
    assert plan["saved"]["nanos"] == plan["expected"]["nanos"] > 0
    done = call("batch", "rows.txt", *CHEAP, "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["succeeded"] == 2
    assert told["saved"] == told["charged"]
    assert sum(one["charge"]["saved_nanos"] for one in told["runs"]) == told["saved"]["nanos"]
    assert "saved by --economy" in done.stderr
    assert len(vendor.batches.made) == 2
    assert call("batch", "rows.txt", *CHEAP).exit_code == 0
    assert len(vendor.batches.made) == 2


def test_all_rows_are_sent_before_any_is_awaited(tmp_path: Path) -> None:
    shop = Shelf()
    steps: list[str] = []
    shop.before_submit = lambda one: steps.append(f"send {one.id}")

    def outcome(one: object) -> dict[str, object]:
        steps.append("collect")
        return {}

    shop.outcome = outcome
    rows = [row(f"r{number}", number) for number in range(1, 6)]
    run(tmp_path, shop, rows, limits=Limits(1, 0, send_first=True))
    assert steps == [f"send r{number}" for number in range(1, 6)] + ["collect"] * 5


def test_the_cap_holds_and_makes_room_as_rows_come_in(tmp_path: Path) -> None:
    shop = Shelf()
    rows = [row(f"r{number}", number) for number in range(1, 8)]
    cap = 4 * PRICE + MOST
    runner = run(tmp_path, shop, rows, limits=Limits(2, 0, cap, send_first=True))
    assert shop.most_seen <= cap
    assert len(shop.rows) == 5
    assert runner.capped
