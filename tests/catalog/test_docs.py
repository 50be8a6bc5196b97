"""The model reference page is the catalogue, rendered."""

from pathlib import Path

import pytest

from darkroom.catalog import Catalog
from darkroom.catalog.docs import main, render

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "models.md"


def test_the_page_is_up_to_date() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == render(Catalog.load()), (
        "stale: run python -m darkroom.catalog.docs docs/reference/models.md"
    )


def test_the_page_names_every_model() -> None:
    catalog = Catalog.load()
    page = render(catalog)
    for model in catalog.models:
        assert f"`{model.id}`" in page


def test_main_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    main([str(tmp_path / "page.md")])
    assert capsys.readouterr().out == (tmp_path / "page.md").read_text(encoding="utf-8")
