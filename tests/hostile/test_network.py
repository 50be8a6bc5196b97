"""Hostile requests, links, keys and bodies at the doors: nothing opens, breaks or swells.

The long form: ``python -m tests.hostile network``.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.hostile.fields import at_the_doors
from tests.hostile.floods import FORMS, TEXTS, floods
from tests.hostile.forgeries import keys, links
from tests.hostile.odd_requests import BROKEN, HOSTS, SPOOFS, broken, hosts, spoofs, traversals
from tests.hostile.odd_requests import file_names as odd_file_names
from tests.hostile.place import Place, Tally, place


@pytest.fixture(scope="module")
def at() -> Iterator[Place]:
    with place() as found:
        yield found


PARTS: dict[str, tuple[Callable[[Place], Tally], int]] = {
    "a sample of URLs in every field": (at_the_doors, 100),
    "Host headers": (hosts, 2 * len(HOSTS)),
    "what proxies say": (spoofs, 2 * len(SPOOFS)),
    "broken requests": (broken, len(BROKEN)),
    "paths that lead elsewhere": (lambda at: traversals(at, step=7), 150),
    "names of files": (odd_file_names, 15),
    "forged links": (links, 3_000),
    "guessed keys": (lambda at: keys(at, step=3), 150),
}


@pytest.mark.parametrize("part", PARTS)
def test_nothing_gets_where_it_must_not(part: str, at: Place) -> None:
    run, least = PARTS[part]
    tally = run(at)
    assert tally.wrong == {}
    assert tally.tried >= least


def test_every_flood_is_refused_without_filling_the_memory(at: Place) -> None:
    tally, _, _ = floods(at, step=2)
    assert tally.wrong == {}
    assert tally.tried > len(FORMS) + len(TEXTS)


@pytest.mark.parametrize(
    ("flood", "why"),
    [("empty lists", b"commas"), ("a packed body", b"compressed body is not taken")],
)
def test_a_flood_is_told_what_is_wrong_with_it(flood: str, why: bytes, at: Place) -> None:
    headers = {"Content-Encoding": "gzip"} if "packed" in flood else {}
    _, answer = at.ask("POST", "/v1/responses", {**at.key, **headers}, TEXTS[flood]())
    assert why in answer
