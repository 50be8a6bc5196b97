"""Shows many inputs to one parser: what its grammar makes, and what is left of that after damage.

An input that ends where none ended before (another line that refuses, another kind of result)
joins the ones that are damaged next, so that the search goes deeper by itself.
"""

import itertools
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from tests.hostile.mutations import damage

CPU_S_MAX = 5.0
"""Of one input. The inputs are small: the slowest takes a tenth of it."""
MORE_BYTES_MAX = 128 << 20
_BYTES_MAX = 1 << 20
_POOL_MAX = 300
_CUTS_MAX = 1_500
_PIECES = (1, 2, 3, 7, 63, 64, 65, 1_000)
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024

Grammar = Callable[[random.Random], tuple[bytes, Hashable]]
"""Makes a well-formed input, and tells what reading it has to give."""

# Numbers, texts and nestings that parsers are known to stumble over, whatever they read.
WORDS: tuple[bytes, ...] = (
    *(
        b"",
        b"0",
        b"-1",
        b"1e308",
        b"1e999",
        b"NaN",
        b"Infinity",
        b"9" * 5_000,
        b"9" * 400,
        b"0." + b"0" * 400,
    ),
    *(b"\0", b"\xff", b"\xb2", "²".encode(), "٣".encode(), "\u2028".encode(), b"\xef\xbb\xbf"),
    *(b"\xed\xa0\x80", b"\\ud800", b"\\", b'\\"', b'"', b"'", b"\r", b"\n", b"\r\n\r\n", b"\t"),
    *(
        b"null",
        b"true",
        b"{}",
        b"[]",
        b",",
        b":",
        b";",
        b"=",
        b"==",
        b"~",
        b"%s",
        b"{0}",
        b"x" * 300,
    ),
    *(b"[" * 100_000, b'{"a":' * 50_000),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A parser. ``read`` takes the input in pieces: in one, unless it reads a ``stream``.

    It returns something that tells two results apart, or raises one of ``refusals``, the errors
    that the parser documents. Anything else is wrong, also an ``AssertionError`` of its own.
    """

    name: str
    corpus: Sequence[bytes]
    """Well-formed: none is refused."""
    read: Callable[[Sequence[bytes]], Hashable]
    refusals: tuple[type[Exception], ...] = ()
    stream: bool = False
    grammar: Grammar | None = None
    words: Sequence[bytes] = ()
    cpu_s_max: float = CPU_S_MAX
    cut_when_damaged: bool = True
    """Whether also what is damaged comes to the same however it is cut."""


@dataclass(slots=True)
class Found:
    """Counts, and the inputs for which something is wrong, by what it is."""

    cases: int = 0
    refused: int = 0
    accepted: int = 0
    ways: int = 0
    """Different ends that were reached."""
    slowest_s: float = 0.0
    more_bytes: int = 0
    wrong: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def line(self) -> str:
        return (
            f"{self.cases:>9,} {self.refused:>9,} {self.accepted:>9,} {self.ways:>6,}"
            f" {self.slowest_s:>7.3f} s {self.more_bytes >> 20:>5,} MiB {len(self.wrong):>6,}"
        )


class Hung(BaseException):
    """An input took more than it may. No parser may catch it."""


def fuzz(target: Target, seed: int, enough: Callable[[int], bool]) -> Found:
    """Show the corpus at every cut, then made and damaged inputs until ``enough`` of so many."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    trial = _Trial(target)
    for data in target.corpus:
        trial.well_formed(data)
    for number in itertools.count():
        if enough(number):
            break
        # A generator of its own for each, so that one can be made again by its number.
        trial.number(number, random.Random(f"{seed}/{target.name}/{number}"))
    found = trial.found
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found.ways = len(trial.ends)
    found.more_bytes = (after - before) * _MAXRSS_UNIT
    if found.more_bytes > MORE_BYTES_MAX:
        found.wrong[f"{found.more_bytes >> 20} MiB of memory more than before"] = b""
    return found


class _Trial:
    def __init__(self, target: Target) -> None:
        self._target = target
        self._pool = list(target.corpus)
        self._words = (*WORDS, *target.words)
        self.ends: set[Hashable] = set()
        self.found = Found()

    def well_formed(self, data: bytes) -> None:
        """It is read, and however it is cut in two to the same result."""
        whole = self._outcome([data])
        if self._target.stream:
            for at in range(0, len(data), 1 + len(data) // _CUTS_MAX):
                self._compare(data, self._outcome([data[:at], data[at:]]), whole)
        if isinstance(whole, _Refusal):
            self._note(f"refused although well-formed: {whole.said}", data)
        self._count(data, whole)

    def number(self, number: int, rng: random.Random) -> None:
        """The case of that number: made by the grammar, or damaged."""
        target = self._target
        if target.grammar is not None and number % 2:
            data, expected = target.grammar(rng)
            self._compare(data, self._outcome(self._cut(data, rng)), expected)
            self.found.cases += 1
            self.found.accepted += 1
            if number % 16 == 1:
                self._keep(data)
            return
        words = number < len(self._words)
        data = self._words[number] if words else self._damaged(rng)
        whole = self._outcome([data])
        if target.stream:
            cut = self._outcome(self._cut(data, rng))
            if target.cut_when_damaged:
                self._compare(data, cut, whole)
        self._count(data, whole)

    def _cut(self, data: bytes, rng: random.Random) -> list[bytes]:
        if not self._target.stream:
            return [data]
        pieces: list[bytes] = []
        # Tiny pieces of a large input would show the same thing ten thousand times.
        sizes = _PIECES if len(data) < 4_096 else _PIECES[-4:]
        longest, at = rng.choice(sizes), 0
        while at < len(data):
            end = at + rng.randint(1, longest)
            pieces.append(data[at:end])
            at = end
        return pieces

    def _damaged(self, rng: random.Random) -> bytes:
        data = bytearray(rng.choice(self._pool))
        for _ in range(rng.choice((1, 1, 2, 3))):
            at = rng.randrange(len(data) + 1)
            match rng.randrange(4):
                case 0:  # spliced
                    other = rng.choice(self._pool)
                    data[at:] = other[rng.randrange(len(other) + 1) :]
                case 1:  # a word put in, or in the place of as much
                    word = rng.choice(self._words)
                    data[at : at + rng.choice((0, 1, len(word)))] = word
                case _:
                    damage(data, rng)
        return bytes(data[:_BYTES_MAX])

    def _outcome(self, pieces: Sequence[bytes]) -> Hashable:
        began = time.thread_time()
        try:
            with _ending(self._target.cpu_s_max):
                return self._target.read(pieces)
        except self._target.refusals as error:
            return _Refusal(type(error).__name__, str(error), _place(error))
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            place = _place(error)
            where = f"{Path(place[-1][0]).name}:{place[-1][1]}" if place else "elsewhere"
            self._note(f"{type(error).__name__} at {where}", b"".join(pieces))
            return _Refusal(type(error).__name__, str(error), _place(error))
        except Hung:
            self._note(f"more than {self._target.cpu_s_max} CPU s", b"".join(pieces))
            return None
        finally:
            self.found.slowest_s = max(self.found.slowest_s, time.thread_time() - began)

    def _compare(self, data: bytes, came: Hashable, expected: Hashable) -> None:
        if came != expected:
            self._note(f"{_end(came)} instead of {_end(expected)}", data)

    def _count(self, data: bytes, outcome: Hashable) -> None:
        self.found.cases += 1
        if isinstance(outcome, _Refusal):
            self.found.refused += 1
        else:
            self.found.accepted += 1
        end = _end(outcome)
        if end not in self.ends:
            self.ends.add(end)
            self._keep(data)

    def _keep(self, data: bytes) -> None:
        if len(self._pool) < _POOL_MAX and len(data) < 1 << 14:
            self._pool.append(data)

    def _note(self, what: str, data: bytes) -> None:
        self.found.wrong.setdefault(what, data)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Compared by its kind: which of two mistakes is met first may depend on the pieces."""

    kind: str
    said: str = field(compare=False)
    place: tuple[tuple[str, int], ...] = field(compare=False)


def _end(outcome: Hashable) -> Hashable:
    """What tells two ends apart, as far as that is worth another look."""
    if isinstance(outcome, _Refusal):
        return outcome.kind, outcome.place[-1:]
    return outcome if isinstance(outcome, str) else type(outcome).__name__


def _place(error: BaseException) -> tuple[tuple[str, int], ...]:
    """The lines of our own code through which it came."""
    frames: Iterator[tuple[FrameType, int]] = traceback.walk_tb(error.__traceback__)
    named = ((frame.f_code.co_filename, line) for frame, line in frames)
    return tuple(
        (name, line)
        for name, line in named
        if "/src/darkroom" in name or "/hostile/targets" in name
    )


@contextmanager
def _ending(after_s: float) -> Generator[None]:
    """Ends what takes longer, by CPU time: a busy machine makes nothing hang."""

    def end(_: int, frame: FrameType | None) -> None:
        raise Hung

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, after_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
