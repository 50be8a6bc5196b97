"""The product's code stays small enough to read: files, functions, parameters, and a first word."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_FILE_LINES = 700
MAX_FUNCTION_LINES = 70
MAX_PARAMETERS = 6
Function = ast.FunctionDef | ast.AsyncFunctionDef


def problems(source: str) -> Iterator[str]:
    """One line for each rule that the source of a module breaks."""
    tree = ast.parse(source)
    lines = source.count("\n") + 1
    if lines > MAX_FILE_LINES:
        yield f"{lines} lines, at most {MAX_FILE_LINES}"
    if not ast.get_docstring(tree):
        yield "does not open with a sentence saying what it is for"
    for node in ast.walk(tree):
        if not isinstance(node, Function):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > MAX_FUNCTION_LINES:
            yield f"{node.name} has {length} lines, at most {MAX_FUNCTION_LINES}"
        count = _parameters(node)
        if count > MAX_PARAMETERS:
            yield f"{node.name} takes {count} parameters, at most {MAX_PARAMETERS}"


def _parameters(node: Function) -> int:
    named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return len(named) - (bool(named) and named[0].arg in ("self", "cls"))


def test_the_tree_keeps_the_limits() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {problem}"
        for folder in ("src", "tools", "bench")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for problem in problems(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"""Says."""\n', []),
        ("x = 1\n", ["does not open with a sentence saying what it is for"]),
        ('"""Says."""\n' + "#\n" * 700, ["702 lines, at most 700"]),
        ('"""Says."""\ndef f():\n' + "    1\n" * 70, ["f has 71 lines, at most 70"]),
        ('"""Says."""\ndef f(a, b, c, d, e, f, *, g): ...\n', ["f takes 7 parameters, at most 6"]),
        ('"""Says."""\nclass C:\n    def f(self, a, b, c, d, e, f): ...\n', []),
    ],
)
def test_the_rules_catch_what_they_say(source: str, expected: list[str]) -> None:
    assert list(problems(source)) == expected
