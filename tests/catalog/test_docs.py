"""The reference pages of models and capabilities are the catalogue, rendered."""

from pathlib import Path

import pytest

from darkroom.catalog import Catalog, PriceBook
from darkroom.catalog.docs import main, render, render_capabilities
from darkroom.catalog.matrix import TRIALS

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
CATALOG = Catalog.load()
PAGES = {
    "models.md": render(CATALOG, PriceBook.load()),
    "capabilities.md": render_capabilities(CATALOG),
}


@pytest.mark.parametrize("name", ["models.md", "capabilities.md"])
def test_the_page_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8").endswith(PAGES[name].strip() + "\n"), (
        "stale: run ./run docs --write"
    )


@pytest.mark.parametrize("name", ["models.md", "capabilities.md"])
def test_the_page_names_every_model(name: str) -> None:
    for model in CATALOG.models:
        assert f"`{model.id}`" in PAGES[name]


def test_every_trial_has_a_row_with_a_cell_for_every_group_of_models() -> None:
    lines = PAGES["capabilities.md"].splitlines()
    head = next(line for line in lines if line.startswith("| asked |"))
    for trial in TRIALS:
        row = next(line for line in lines if line.startswith(f"| {trial.label} |"))
        assert row.count("|") == head.count("|")


def test_the_comparison_tells_what_each_model_has_and_costs() -> None:
    lines = PAGES["models.md"].splitlines()
    row = next(line for line in lines if line.startswith("| GPT Image 1.5 |"))
    assert row == (
        "| GPT Image 1.5 | 1536x1024 | yes | 16 | `low`, `high` | yes | 3 | 0.009 to 0.133 |"
        " 2026-12-01 |"
    )
    gemini = next(line for line in lines if line.startswith("| Gemini 2.5 Flash Image"))
    assert "| here | 3 | - | here | - | 0.039 | 2027-03-15 |" in gemini


def test_main_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    main([str(tmp_path / "page.md")])
    assert capsys.readouterr().out == (tmp_path / "page.md").read_text(encoding="utf-8")
