"""The rows of ``darkroom batch``: every file format, templates, grids, and what is refused."""

import json
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from darkroom.cli.batch.problems import BadRow, Unreadable
from darkroom.cli.batch.reading import ROWS_MAX, read_rows
from darkroom.cli.batch.rows import Maker, Row, read_grid


def made(path: Path, **more: Any) -> tuple[list[Row], list[tuple[int, str]]]:
    cells, problems = read_rows(str(path))
    more.setdefault("defaults", {})
    rows, others = Maker(path.parent, **more).rows(cells)
    return rows, [(one.line, one.message) for one in (*problems, *others)]


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'prompt,size,n\n"붉은 자전거, 강가",1024x1024,2\n\nplain,,\n'),
        ("a.csv", '\ufeffprompt,size,n\r\n"붉은 자전거, 강가",1024x1024,2\r\nplain,,\r\n'),
        ("a.tsv", "prompt\tsize\tn\n붉은 자전거, 강가\t1024x1024\t2\nplain\t\t\n"),
        (
            "a.jsonl",
            '{"prompt": "붉은 자전거, 강가", "size": "1024x1024", "n": 2}\n\n"plain"\n',
        ),
    ],
)
def test_every_format_says_the_same(tmp_path: Path, name: str, text: str) -> None:
    rows, problems = made(file(tmp_path, name, text))
    assert problems == []
    assert [(row.number, row.prompt, dict(row.options)) for row in rows] == [
        (1, "붉은 자전거, 강가", {"size": "1024x1024", "n": 2}),
        (2, "plain", {}),
    ]


def test_text_has_a_prompt_per_line_and_comments(tmp_path: Path) -> None:
    rows, problems = made(file(tmp_path, "a.txt", "# first\none\n\n  two  \n"))
    assert problems == []
    assert [(row.line, row.prompt) for row in rows] == [(2, "one"), (4, "two")]


def test_options_of_the_command_line_are_defaults(tmp_path: Path) -> None:
    rows, _ = made(
        file(tmp_path, "a.csv", "prompt,quality\na,high\nb,\n"), defaults={"quality": "low"}
    )
    assert [row.options["quality"] for row in rows] == ["high", "low"]


def test_without_ids_a_row_is_known_by_what_it_asks(tmp_path: Path) -> None:
    first, _ = made(file(tmp_path, "a.csv", "prompt,quality\na,low\nb,low\n"))
    again, _ = made(file(tmp_path, "b.jsonl", '{"quality": "low", "prompt": "b"}\n'))
    assert first[0].id != first[1].id == again[0].id
    assert len(first[0].id) == 12


def test_a_template_is_filled_from_columns(tmp_path: Path) -> None:
    path = file(tmp_path, "a.csv", "id,product,colour,size\nx,cup,red,1024x1024\ny,hat,,\n")
    rows, problems = made(path, template="A {colour} {product} in {{braces}}")
    assert [row.prompt for row in rows] == ["A red cup in {braces}"]
    assert problems == [(3, "no 'colour', which the template wants")]


@pytest.mark.parametrize("template", ["{", "{0.real}", "{a.b}", "{a!r}", "{}"])
def test_templates_hold_only_names(tmp_path: Path, template: str) -> None:
    with pytest.raises(BadRow, match="--template"):
        made(file(tmp_path, "a.csv", "a\nx\n"), template=template)


def test_a_grid_multiplies_rows(tmp_path: Path) -> None:
    path = file(tmp_path, "a.csv", "id,prompt\nx,cup\ny,hat\n")
    rows, problems = made(path, grid=read_grid(["size=1024x1024,1536x1024", "n=1,2"]))
    assert problems == []
    assert [(row.number, row.id, row.options["n"]) for row in rows[:4]] == [
        (1, "x-1024x1024-1", 1),
        (2, "x-1024x1024-2", 2),
        (3, "x-1536x1024-1", 1),
        (4, "x-1536x1024-2", 2),
    ]
    assert len({row.id for row in rows}) == len(rows) == 8


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["colour=red"], "no option 'colour'"),
        (["size="], "has no values"),
        (["size=1x1,1x1"], "a value twice"),
        (["size=1x1", "size=2x2"], "is there twice"),
        (["n=1,eleven"], "whole number from 1 to 10"),
    ],
)
def test_a_bad_grid_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(BadRow, match=said):
        read_grid(words)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("prompt,sice\na,1\n", 2, "unknown column 'sice'"),
        ("prompt,n\na,\nb,99\n", 3, "'n' is a whole number from 1 to 10, not '99'"),
        ("prompt,size\n,1024x1024\n", 2, "no prompt"),
        ("prompt,images\na,none.png\n", 2, "there is no file"),
        ("prompt,mask\na,rows.csv\n", 2, "a mask, but no images to edit"),
        ("id,prompt\nx,a\nx,b\n", 3, "the id 'x' is that of line 2"),
        ("prompt\nsame\nsame\n", 3, "the same request twice needs ids"),
        ("prompt,size\na,1,2,3\n", 2, "4 cells, but 2 columns"),
        ('prompt\n"open\n', 2, "unexpected end of data"),
        ("prompt,format,output_format\na,png,webp\n", 2, "are the same"),
    ],
)
def test_a_bad_row_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    _, [(at, message)] = made(file(tmp_path, "rows.csv", text))
    assert at == line
    assert said in message


@pytest.mark.parametrize(
    "text", ["nope", "[1]", "7", '{"n": true, "prompt": "a"}', '{"prompt": 3}', '{"images": 3}']
)
def test_json_lines_of_another_kind_are_refused(tmp_path: Path, text: str) -> None:
    rows, problems = made(file(tmp_path, "a.jsonl", f'"fine"\n{text}\n'))
    assert [row.prompt for row in rows] == ["fine"]
    assert [line for line, _ in problems] == [2]


def test_a_row_that_says_what_the_grid_says_is_refused(tmp_path: Path) -> None:
    path = file(tmp_path, "a.csv", "prompt,size\na,1024x1024\n")
    rows, [(line, message)] = made(path, grid=read_grid(["size=1024x1024"]))
    assert (rows, line) == ([], 2)
    assert "so does --grid" in message


def test_images_lie_beside_the_file_and_count_by_their_content(tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(b"one")
    (tmp_path / "two.png").write_bytes(b"two")
    listed = json.dumps({"prompt": "a", "images": ["one.png", "https://example.com/x.png"]})
    path = file(tmp_path, "a.jsonl", listed)
    [row], _ = made(path)
    assert row.images == (str(tmp_path / "one.png"), "https://example.com/x.png")
    [split], _ = made(file(tmp_path, "b.csv", "prompt,image,mask\na,one.png;two.png,two.png\n"))
    assert [Path(one).name for one in split.images] == ["one.png", "two.png"]
    assert Path(split.mask or "").name == "two.png"
    (tmp_path / "one.png").write_bytes(b"other")
    [changed], _ = made(path)
    assert changed.digest != row.digest


def test_what_is_no_batch_is_refused_as_a_whole(tmp_path: Path) -> None:
    for name, text in (("a.doc", "x"), ("a.csv", ""), ("a.csv", "prompt,prompt\na,b\n")):
        with pytest.raises(Unreadable):
            read_rows(str(file(tmp_path, name, text)))
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Unreadable, match="UTF-8"):
        read_rows(str(tmp_path / "a.txt"))
    with pytest.raises(Unreadable, match="No such file"):
        read_rows(str(tmp_path / "missing.csv"))
    with pytest.raises(Unreadable, match="more than 10,000 rows"):
        read_rows(str(file(tmp_path, "a.txt", "x\n" * (ROWS_MAX + 1))))


def test_a_name_that_no_file_can_have_is_a_bad_row(tmp_path: Path) -> None:
    path = file(tmp_path, "rows.csv", f"prompt,images\nx,{'a' * 300}\n")
    rows, problems = made(path)
    assert rows == []
    assert [(line, "cannot read" in said) for line, said in problems] == [(2, True)]


def test_a_line_nested_too_deeply_is_a_bad_row(tmp_path: Path) -> None:
    path = file(tmp_path, "rows.jsonl", "[" * 100_000 + '\n"a boat"\n')
    cells, problems = read_rows(str(path))
    assert [cell.line for cell in cells] == [2]
    assert [problem.line for problem in problems] == [1]


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(data)))


def test_lines_of_stdin_are_those_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "a\u2028boat\r\n# no\n\x0ba hat\n"
    stdin(monkeypatch, text.encode("utf-8-sig"))
    assert read_rows("-") == read_rows(str(file(tmp_path, "rows.txt", text)))
    assert len(read_rows(str(tmp_path / "rows.txt"))[0]) == 2


def test_stdin_that_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, b"a boat\n\xff")
    with pytest.raises(Unreadable, match="not UTF-8"):
        read_rows("-")
