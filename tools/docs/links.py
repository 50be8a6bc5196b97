"""Finds links between the project's own pages that lead nowhere."""

import re
from collections.abc import Iterator
from pathlib import Path

_SKIPPED = {"node_modules", "build", "dist", "test-results"}
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def markdown_files(root: Path) -> dict[Path, str]:
    """Every Markdown page below ``root`` with its text; hidden and built folders left out."""
    found: dict[Path, str] = {}
    for path in sorted(root.rglob("*.md")):
        parts = path.relative_to(root).parts
        if not any(part.startswith(".") or part in _SKIPPED for part in parts):
            found[path] = path.read_text(encoding="utf-8")
    return found


def broken(root: Path, texts: dict[Path, str]) -> Iterator[str]:
    """One line for every relative link without a target, be it a file or a heading."""
    for path, text in texts.items():
        for target in _LINK.findall(_FENCE.sub("", text)):
            if _ELSEWHERE.match(target):
                continue
            name, _, anchor = target.partition("#")
            aim = (path.parent / name).resolve() if name else path
            where = path.relative_to(root)
            if not aim.exists():
                yield f"{where}: the link to {target} leads nowhere"
            elif anchor and aim.suffix == ".md":
                page = texts.get(aim)
                if page is None or anchor not in anchors(page):
                    yield f"{where}: no heading #{anchor} in {name or where}"


def anchors(text: str) -> set[str]:
    """The anchors that forges make of a page's headings."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        words = re.sub(r"[^\w\s-]", "", heading.lower()).strip()
        slug, number = re.sub(r"\s", "-", words), 1
        base = slug
        while slug in found:
            slug, number = f"{base}-{number}", number + 1
        found.add(slug)
    return found
