"""The case ``start``: from exec to the first 200 of a real generation."""

import time
from collections.abc import Sequence

from bench.bursts import hot
from bench.lab import PROBLEMS, Bench, Report, Row, contender, first_answer, upstream
from bench.payloads import IMAGE_BYTES, Picture, png
from bench.stats import median


def start_case(names: Sequence[str], bench: Bench) -> Report:
    """Each time on an empty directory."""
    case = hot()
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
    problems: dict[str, str] = {}
    with upstream(Picture(png(IMAGE_BYTES)), IMAGE_BYTES) as mock:
        for _ in range(max(bench.rounds, 1 if bench.quick else 5)):
            for name in names:
                if name in problems:
                    continue
                try:
                    with contender(name, mock, bench, 4 * IMAGE_BYTES) as who:
                        listens = time.perf_counter() - who.launched
                        first_answer(who, mock, case.request(who), case.check)
                        answers = time.perf_counter() - who.launched
                        found[name].append((listens, answers, who.cpu_seconds()))
                except PROBLEMS as error:
                    problems[name] = str(error)
    return [_row(name, found[name], problems.get(name, "")) for name in names]


def _row(name: str, found: Sequence[tuple[float, float, float]], problem: str) -> Row:
    if problem:
        return {"": name, "problem": problem}
    listens, answers, cpu = ([each[i] * 1000 for each in found] for i in range(3))
    return {
        "": name,
        "listens ms": median(listens),
        "first answer ms": median(answers),
        "fastest ms": min(answers),
        "CPU ms": median(cpu),
    }
