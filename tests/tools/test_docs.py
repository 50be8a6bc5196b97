"""The docs check: it notices stale pages, dead links and commands that nobody could run."""

from pathlib import Path

import pytest

from darkroom.core.errors import by_code
from tools.docs import commands, errors, links, pages

ROOT = Path(__file__).resolve().parents[2]


def test_a_page_is_missing_then_stale_then_fresh(tmp_path: Path) -> None:
    table = (pages.Page("reference/errors.md", "tools.docs.errors:render"),)
    assert "missing" in next(pages.stale(tmp_path, table))
    assert list(pages.write(tmp_path, table)) == ["reference/errors.md"]
    assert not list(pages.stale(tmp_path, table))
    assert not list(pages.write(tmp_path, table))
    (tmp_path / "reference/errors.md").write_text("old")
    assert "stale" in next(pages.stale(tmp_path, table))


def test_the_error_page_has_a_row_for_every_error() -> None:
    page = errors.render()
    for code, kind in by_code().items():
        assert f"| `{code}` | {kind.status} |" in page


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("[a](b.md)", 0),
        ("[a](b.md#the-b-word)", 0),
        ("[a](#top)\n# Top", 0),
        ("[a](https://example.com/x)", 0),
        ("```\n[a](c.md)\n```", 0),
        ("[a](c.md)", 1),
        ("[a](b.md#c)", 1),
        ("[a](#c)", 1),
    ],
)
def test_links(text: str, count: int, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(text)
    (tmp_path / "b.md").write_text("# The `b` word\n")
    found = list(links.broken(tmp_path, links.markdown_files(tmp_path)))
    assert len(found) == count, found


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("./run test tests/core -x", ""),
        ("$ ./run", ""),
        ("OPENAI_API_KEY=sk-x ./run python -V", ""),
        ("curl -s http://127.0.0.1:8000/healthz", ""),
        ("# only a comment", ""),
        ("./run tset", "./run has no command tset"),
        ("brew install darkroom", "brew is not a program"),
    ],
)
def test_commands(line: str, problem: str, tmp_path: Path) -> None:
    text = f"```sh\n{line}\n```\n"
    page = tmp_path / "a.md"
    (tmp_path / "run").symlink_to(ROOT / "run")
    found = list(commands.unknown(tmp_path, {page: text}))
    assert len(found) == bool(problem)
    assert not found or problem in found[0]
