"""What can be wrong with a batch before anything is spent."""

from collections.abc import Sequence
from dataclasses import dataclass

from darkroom.cli.failures import Exit, Failure

_SHOWN_MAX = 20


class Unreadable(Failure):
    """The batch as a whole cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Exit.USAGE, "invalid_batch")


class BadRow(Exception):
    """What is wrong with one row; whoever knows its line makes a :class:`RowProblem` of it."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """``line`` counts from 1; 0 is the command line itself."""

    line: int
    message: str


def refuse(problems: Sequence[RowProblem]) -> None:
    """Raises :class:`BadRows` when there are any."""
    if problems:
        raise BadRows(sorted(problems, key=lambda problem: problem.line))


class BadRows(Failure):
    """Rows that cannot be made. Nothing was sent, nothing is spent."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(
            f"{many}; nothing was sent",
            Exit.USAGE,
            "invalid_batch",
            {"problems": [{"line": one.line, "message": one.message} for one in problems]},
        )
        self.problems = tuple(problems)

    def lines(self, source: str) -> list[str]:
        """The first ones, for people, as compilers tell them."""
        shown = [
            f"{source}:{one.line}: {one.message}" if one.line else one.message
            for one in self.problems[:_SHOWN_MAX]
        ]
        more = len(self.problems) - _SHOWN_MAX
        return [*shown, f"and {more} more"] if more > 0 else shown
