"""The repository speaks of the product alone: no machine paths, no package registries."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# written in pieces, so that this file does not hold what it looks for
_FORBIDDEN = {
    "a path of one machine": r"(?<![\w.])/(?:wor" + r"k|roo" + r"t|home/(?!me\b|you\b)\w+)/",
    "a package registry": r"\b(?:pypi\.or" + r"g|pythonhosted\.or" + r"g|registry\.npmj" + r"s)",
    "notes that are not in the repository": r"\bshared/(?:referenc"
    + r"e|desig"
    + r"n|seed"
    + r"s)",
}


def problems(text: str) -> Iterator[str]:
    """What of the above a text holds."""
    for what, pattern in _FORBIDDEN.items():
        if match := re.search(pattern, text):
            yield f"{what}: {match[0]}"


def _files() -> list[Path]:
    """Tracked files and those that git would take in."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    shown = subprocess.run(listing, cwd=ROOT, capture_output=True, check=False)
    if shown.returncode == 0:
        return [ROOT / name for name in shown.stdout.decode().split("\0") if name]
    folders = ("src", "tests", "docs", "tools", "bench", ".ci")  # an archive without git
    tops = [path for path in ROOT.iterdir() if path.is_file() and path.name != "uv.lock"]
    return tops + [path for name in folders for path in (ROOT / name).rglob("*") if path.is_file()]


def test_no_file_speaks_of_anything_else() -> None:
    found: list[str] = []
    for path in _files():
        if not path.is_file():
            continue  # deleted, not yet committed
        data = path.read_bytes()
        if b"\0" in data[:8192]:
            continue
        text = data.decode("utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {problem}" for problem in problems(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "see /wor" + "k/main/x",
        "in /roo" + "t/.cache",
        "/home/ann" + "a/darkroom",
        "https://pypi.or" + "g/simple",
        "from shared/referenc" + "e/x.md",
    ],
)
def test_the_scan_finds_it(text: str) -> None:
    assert list(problems(text))


@pytest.mark.parametrize("text", ["POST /v1/work/", "/home/me/darkroom", "a framework/root/"])
def test_the_scan_lets_the_product_speak(text: str) -> None:
    assert not list(problems(text))
