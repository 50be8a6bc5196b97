"""A little of everything that reads bytes, made and damaged.

The long form: ``python -m tests.hostile parsers --seconds 60``.
"""

import random
from collections.abc import Hashable, Sequence

import pytest

from tests.hostile.fuzzing import WORDS, Found, Target, fuzz
from tests.hostile.parsers import targets

_CASES = 100


def cases(target: Target, count: int = _CASES, seed: int = 0) -> Found:
    return fuzz(target, seed, lambda number: number >= count)


def test_nothing_that_is_read_does_harm() -> None:
    with targets() as every:
        found = {target.name: cases(target) for target in every}
    assert {name: one.wrong for name, one in found.items() if one.wrong} == {}
    assert all(one.cases >= _CASES for one in found.values())
    # What is well-formed is taken, and nearly all have something to refuse: else it proves nothing.
    assert all(one.accepted > 0 for one in found.values())
    assert sum(one.refused > _CASES // 10 for one in found.values()) > len(found) // 2


def read_number(pieces: Sequence[bytes]) -> Hashable:
    return int(b"".join(pieces))


def read_badly(pieces: Sequence[bytes]) -> Hashable:
    return tuple(len(piece) for piece in pieces)


def read_forever(pieces: Sequence[bytes]) -> Hashable:
    while pieces[0].startswith(b"["):
        pass
    return None


@pytest.mark.parametrize(
    ("target", "wrong"),
    [
        (Target("undocumented", (b"7",), read_number), "ValueError"),
        (Target("refused", (b"x",), read_number, (ValueError,)), "although well-formed"),
        (Target("cut", (b"ab",), read_badly, stream=True), "instead of"),
        (Target("oracle", (b"1",), read_number, (ValueError,), grammar=lambda _: (b"2", "3")), "3"),
    ],
    ids=lambda one: one.name if isinstance(one, Target) else "",
)
def test_a_parser_that_does_wrong_is_found(target: Target, wrong: str) -> None:
    assert any(wrong in what for what in cases(target).wrong)


def test_what_hangs_is_ended() -> None:
    found = cases(Target("hangs", (b"7",), read_forever, cpu_s_max=0.05), len(WORDS))
    assert list(found.wrong) == ["more than 0.05 CPU s"]


def test_inputs_are_the_same_for_a_seed_and_others_for_another() -> None:
    def shown(seed: int) -> list[bytes]:
        seen: list[bytes] = []

        def read(pieces: Sequence[bytes]) -> Hashable:
            seen.append(b"".join(pieces))
            return str(len(seen[-1]) % 7)

        made = Target("seen", (b"a text of some length",), read, grammar=_grammar)
        cases(made, 200, seed)
        return seen

    assert shown(0) == shown(0)
    assert shown(0) != shown(1)


def _grammar(rng: random.Random) -> tuple[bytes, Hashable]:
    data = rng.randbytes(8)
    return data, str(len(data) % 7)
