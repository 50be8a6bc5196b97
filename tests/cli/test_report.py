"""What a report says: amounts that add up, what came against what was asked, nothing unescaped."""

import base64
import html
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from darkroom.report.chart import chart
from darkroom.report.model import Report, exact_credits
from darkroom.report.page import render
from darkroom.report.pictures import FULL, NONE, Pictures, in_folder
from darkroom.report.runs import (
    MANIFEST,
    ChargeLine,
    Run,
    RunAttempt,
    RunCharge,
    RunError,
    RunFile,
    read_runs,
)
from darkroom.report.words import ENGLISH, KOREAN
from darkroom.report.writing import Style, write_report
from tests.fakes.pictures import Look, picture

MADE_AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LINES = (ChargeLine("image_out", 196, 30_000, 5_880_000), ChargeLine("text_in", 9, 5_000, 45_000))
FILE = RunFile("one.png", "ab" * 32, "image/png", 64, 48, 100)
RUN = Run(
    id="1",
    number=1,
    prompt="a red bicycle",
    request={"size": "64x48", "quality": "auto", "output_format": "png"},
    state="succeeded",
    job_id="job-1",
    files=(FILE,),
    charge=RunCharge(5_925_000, LINES),
    model="gpt-image-2",
    served_model="gpt-image-2",
    quality="high",
    deployment="gemini",
    attempts=(
        RunAttempt("openai", "failed", "upstream_unavailable"),
        RunAttempt("gemini", "succeeded"),
    ),
    seconds=1.26,
)
REFUSED = Run(
    id="2",
    number=2,
    prompt="something else",
    request={"size": "64x48"},
    state="failed",
    error=RunError("moderation_blocked", "No such pictures."),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the image of :data:`RUN`."""
    (tmp_path / "one.png").write_bytes(picture("png", Look(64, 48)))
    return tmp_path


def page(folder: Path, *runs: Run, style: Style | None = None) -> str:
    style = style or Style(lang="en")
    pictures = Pictures(in_folder(folder), folder, style.embed)
    report = Report(runs, style.title, style.credits)
    return "".join(render(report, pictures, MADE_AT, style.lang))


def text_of(shown: str) -> str:
    """What a reader sees, with single spaces."""
    body = re.sub(r"<(style|script)>.*?</\1>", "", shown, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def nanos(text: str) -> int:
    whole, _, decimals = text.removeprefix("$").partition(".")
    return int(whole) * 10**9 + int(decimals.ljust(9, "0"))


def rows(shown: str, heading: str) -> list[list[str]]:
    table = shown.partition(f">{heading}</h2>")[2].partition("</table>")[0]
    return [
        [text_of(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
    ]


# --- money ---------------------------------------------------------------------------------------


def test_the_shares_of_a_runs_images_add_up_to_its_charge() -> None:
    three = replace(RUN, files=(FILE, FILE, FILE), charge=RunCharge(10))
    assert [card.nanos for card in Report((three,)).cards] == [4, 3, 3]


def test_categories_add_up_to_what_was_charged() -> None:
    report = Report((RUN, RUN, REFUSED))
    assert [(t.category, t.quantity, t.amount_nanos) for t in report.totals] == [
        ("text_in", 18, 90_000),
        ("image_out", 392, 11_760_000),
    ]
    assert report.charged_nanos == 11_850_000
    assert report.per_image_nanos == 5_925_000


def test_what_no_line_accounts_for_is_a_category_of_its_own() -> None:
    report = Report((RUN, replace(RUN, charge=RunCharge(7))))
    assert report.categories == ("text_in", "image_out", "")
    assert sum(total.amount_nanos for total in report.totals) == report.charged_nanos


def test_one_category_at_two_prices_has_two_rows() -> None:
    dear = RunCharge(200, (ChargeLine("text_in", 2, 100, 200),))
    cheap = RunCharge(20, (ChargeLine("text_in", 2, 10, 20),))
    report = Report((replace(RUN, charge=dear), replace(RUN, charge=cheap)))
    assert [total.unit_nanos for total in report.totals] == [10, 100]
    assert report.categories == ("text_in",)


def test_credits_are_exact() -> None:
    assert exact_credits(1_000_000_000) == "68"
    assert exact_credits(1) == "0.000000068"
    assert exact_credits(-500_000_000) == "-34"


@pytest.mark.parametrize("credits", [False, True])
def test_both_tables_add_up_as_they_are_printed(folder: Path, credits: bool) -> None:
    shown = page(folder, RUN, RUN, REFUSED, style=Style(lang="en", credits=credits))
    _, *categories, total = rows(shown, "Where the money went")
    at = -2 if credits else -1
    assert sum(nanos(row[at]) for row in categories) == nanos(total[at]) == 11_850_000
    if credits:
        assert sum(nanos(row[-1]) for row in categories) == nanos(total[-1])
    _, *each, total = rows(shown, "Request by request")
    amounts = [[nanos(cell.split()[0]) for cell in row[-3:]] for row in [*each, total]]
    assert all(text + image == both for text, image, both in amounts)
    assert [sum(column) for column in zip(*amounts[:-1], strict=True)] == amounts[-1]


def test_a_factor_on_list_prices_is_said(folder: Path) -> None:
    scaled = RunCharge(90, (ChargeLine("text_in", 10, 10, 90),))
    assert "by which a deployment scales" in page(folder, replace(RUN, charge=scaled))
    assert "by which a deployment scales" not in page(folder, RUN)


# --- what is shown -------------------------------------------------------------------------------


def test_asked_is_shown_against_got(folder: Path) -> None:
    other = replace(RUN, request={"size": "100x100", "quality": "high", "output_format": "jpeg"})
    said = text_of(page(folder, other))
    assert "Size 64×48 · asked 100×100" in said
    assert "Quality high ✓ as asked" in said
    assert "Format png · asked jpeg" in said
    assert "Quality high · asked auto" in text_of(page(folder, RUN))


def test_only_a_real_difference_stands_out(folder: Path) -> None:
    assert 'class="differs"' not in page(folder, RUN)
    assert page(folder, replace(RUN, served_model="gpt-image-1.5")).count('class="differs"') == 1


def test_the_chain_of_deployments_and_the_seconds_are_told(folder: Path) -> None:
    said = text_of(page(folder, RUN))
    assert "Via openai (upstream_unavailable) → gemini" in said
    assert "$0.005925 1.3 s" in said


def test_a_refused_one_is_a_card_that_cost_nothing(folder: Path) -> None:
    said = text_of(page(folder, RUN, REFUSED))
    assert "Refused Moderation refused this request." in said
    assert "No such pictures. moderation_blocked Nothing was charged. 2 $0.000000" in said
    assert "1 of 2 requests succeeded 1 refused, 0 failed, 0 not finished" in said


@pytest.mark.parametrize("state", ["queued", "running", "failed", "canceled"])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_every_state_without_an_image_is_told(folder: Path, state: str, lang: str) -> None:
    shown = page(folder, replace(REFUSED, state=state, error=None), style=Style(lang=lang))
    words = ENGLISH if lang == "en" else KOREAN
    assert words[f"{state}_why"] in text_of(shown)


def test_an_image_that_is_not_there_any_more_is_told(folder: Path) -> None:
    (folder / "one.png").unlink()
    shown = page(folder, RUN)
    assert "its file is no longer there. 1 $0.005925" in text_of(shown)
    assert "<img class" not in shown


def test_a_prompt_of_all_is_told_once_and_others_with_each(folder: Path) -> None:
    assert text_of(page(folder, RUN, RUN)).count("Prompt a red bicycle") == 1
    said = text_of(page(folder, RUN, REFUSED))
    assert "Prompt a red bicycle" not in said
    assert "something else" in said


def test_both_languages_have_the_same_words() -> None:
    assert list(ENGLISH) == list(KOREAN)
    for name, text in ENGLISH.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", KOREAN[name])), name


def test_korean_is_complete(folder: Path) -> None:
    shown = page(folder, RUN, REFUSED, style=Style(lang="ko"))
    assert '<html lang="ko">' in shown
    known = text_of(shown)
    for word in ("Charged", "Quality", "Refused", "Images", "Total", "Request", "credits"):
        assert word not in known
    assert "비용 내역" in known


def test_without_runs_there_is_a_page_all_the_same(folder: Path) -> None:
    assert "there were no requests" in page(folder)


# --- what is safe --------------------------------------------------------------------------------


def test_nothing_that_was_said_becomes_markup(folder: Path) -> None:
    evil = "</title></style></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'"
    run = replace(
        RUN,
        prompt=evil,
        request={"size": evil, "quality": evil},
        deployment=evil,
        attempts=(RunAttempt(evil, "failed", evil),),
        served_model=evil,
        warnings=(evil,),
        job_id=evil,
        files=(replace(FILE, sha256=evil, media_type=evil),),
    )
    refused = replace(REFUSED, prompt=evil, error=RunError(evil, evil), state="failed")
    shown = page(folder, run, refused, style=Style(title=evil, lang="en"))
    assert shown.count("<script>") == shown.count("</script>") == 1
    assert "<img src=x" not in shown
    assert "alert(1)" in text_of(shown)


@pytest.mark.parametrize("path", ["../secret.png", "/etc/hostname", "//host/one.png", "notes.txt"])
def test_only_images_in_the_folder_are_taken(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.png").write_bytes(picture("png", Look(8, 8)))
    folder = tmp_path / "batch"
    folder.mkdir()
    (folder / "notes.txt").write_text("<script>alert(1)</script>")
    shown = page(
        folder, replace(RUN, files=(replace(FILE, path=path),)), style=Style(lang="en", embed=FULL)
    )
    assert "no longer there" in shown
    assert "data:image" not in shown


def test_a_link_cannot_leave_the_folder_by_its_name(tmp_path: Path) -> None:
    name = "javascript:alert(1)#?한글.png"
    (tmp_path / name).write_bytes(picture("png", Look(8, 8)))
    shown = page(tmp_path, replace(RUN, files=(replace(FILE, path=name),)))
    assert 'href="./javascript%3Aalert%281%29%23%3F%ED%95%9C%EA%B8%80.png"' in shown


# --- images --------------------------------------------------------------------------------------


def test_previews_are_small_and_the_file_is_linked(tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(picture("png", Look(2048, 1024)))
    shown = page(tmp_path, RUN)
    found = re.search(r'src="data:image/webp;base64,([^"]+)"', shown)
    assert found is not None
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as image:
        assert (image.format, image.size) == ("WEBP", (1024, 512))
    assert 'href="./one.png"' in shown


def test_the_full_file_can_be_inside(folder: Path) -> None:
    shown = page(folder, RUN, style=Style(lang="en", embed=FULL))
    whole = base64.b64encode((folder / "one.png").read_bytes()).decode()
    assert f'src="data:image/png;base64,{whole}"' in shown
    assert 'href="./' not in shown


def test_images_can_be_links_alone(folder: Path) -> None:
    shown = page(folder, RUN, style=Style(lang="en", embed=NONE))
    assert 'src="./one.png"' in shown
    assert "data:image" not in shown


def test_a_report_elsewhere_links_to_the_files(folder: Path) -> None:
    elsewhere = folder / "reports"
    elsewhere.mkdir()
    written = write_report(elsewhere / "all.html", [RUN], folder, Style(lang="en"))
    assert 'href="./../one.png"' in written.read_text(encoding="utf-8")
    assert [path.name for path in elsewhere.iterdir()] == ["all.html"]


# --- the chart -----------------------------------------------------------------------------------


def test_few_images_are_rows_and_many_are_columns() -> None:
    few = chart([("a", "$2", 2), ("b", "$1", 1), ("c", "$0", 0)])
    assert few.lying
    assert [bar.width for bar in few.bars] == ["100.0%", "50.0%", "0.0%"]
    assert few.bars[2].is_empty
    many = chart([(str(at), "$1", at) for at in range(40)])
    assert not many.lying
    assert sum(bar.is_named for bar in many.bars) == 20
    assert many.bars[39].height == str(many.base - 4)


def test_a_chart_of_nothing_charged_has_no_bars() -> None:
    assert all(bar.is_empty for bar in chart([("a", "$0", 0)]).bars)


def test_a_record_with_absurd_values_is_read_without_them(tmp_path: Path) -> None:
    odd = {"id": "a", "seconds": 10**400, "warnings": 7, "number": 1}
    lines = ("[" * 100_000, json.dumps(odd), '{"id": "b", "number": 2, "seconds": Infinity}')
    (tmp_path / MANIFEST).write_text("\n".join(lines))
    runs = read_runs(tmp_path)
    assert [(run.id, run.seconds, run.warnings) for run in runs] == [
        ("a", None, ()),
        ("b", None, ()),
    ]
