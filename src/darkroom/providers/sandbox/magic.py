"""Test prompts: words in double square brackets that make the sandbox misbehave on purpose.

This table is the only list: the documentation's table is checked against it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from darkroom.core.errors import (
    DarkroomError,
    ModerationBlocked,
    UpstreamBroken,
    UpstreamDenied,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
)


@dataclass(frozen=True, slots=True)
class MagicPrompt:
    """One row: what to write, what the sandbox then does, and what the caller sees."""

    name: str
    example: str
    does: str
    sees: str
    error: Callable[[str], DarkroomError] | None = None
    """Makes the error that ends the attempt; it is given the text after the colon."""


@dataclass(frozen=True, slots=True)
class Spell:
    """The test prompts found in one prompt: name to the text after the colon."""

    words: dict[str, str]

    def __contains__(self, name: str) -> bool:
        return name in self.words

    def number(self, name: str, default: float) -> float:
        """The number after the colon, or ``default``."""
        try:
            return float(self.words.get(name, ""))
        except ValueError:
            return default

    def error(self, name: str) -> DarkroomError:
        """The error of a row that has one."""
        make = BY_NAME[name].error
        if make is None:
            raise KeyError(name)
        return make(self.words.get(name, ""))


def _refused(stage: str) -> Callable[[str], DarkroomError]:
    def make(argument: str) -> DarkroomError:
        categories = argument.split(",") if argument else ["violence"]
        return ModerationBlocked(
            f"The sandbox refused this {stage} because a test prompt asked it to. "
            "Nothing was charged; change the prompt to get a picture.",
            details={"stage": stage, "categories": categories},
        )

    return make


def _failed(_: str) -> DarkroomError:
    return UpstreamFailed("The sandbox answered with a server error, as the test prompt asked.")


def _limited(argument: str) -> DarkroomError:
    seconds = float(argument) if argument.replace(".", "", 1).isdigit() else 2.0
    return UpstreamRateLimited(
        f"The sandbox is rate limited; try again in {seconds:g} s.", retry_after_s=seconds
    )


def _late(_: str) -> DarkroomError:
    return UpstreamTimeout("The sandbox did not answer within the time of the attempt.")


def _broken(_: str) -> DarkroomError:
    return UpstreamBroken("The sandbox broke off in the middle of an image.")


def _unreachable(_: str) -> DarkroomError:
    return UpstreamUnavailable("The sandbox could not be reached; nothing was sent.")


def _denied(_: str) -> DarkroomError:
    return UpstreamDenied("The sandbox refused our credentials.")


def _rejected(_: str) -> DarkroomError:
    return UpstreamRejected("The sandbox calls the request invalid.", param="prompt")


MAGIC_PROMPTS: tuple[MagicPrompt, ...] = (
    MagicPrompt(
        "refuse",
        "[[refuse]]",
        "Refuses the prompt on policy. `[[refuse:violence,sexual]]` names the categories.",
        "`moderation_blocked` (400), stage `input`; never retried, nothing charged",
        _refused("input"),
    ),
    MagicPrompt(
        "refuse-output",
        "[[refuse-output]]",
        "Draws, then refuses the picture on policy.",
        "`moderation_blocked` (400), stage `output`; never retried, nothing charged",
        _refused("output"),
    ),
    MagicPrompt(
        "fail",
        "[[fail]]",
        "Answers every attempt with a server error.",
        "`upstream_error` (502) once the retries and other deployments are used up",
        _failed,
    ),
    MagicPrompt(
        "fail-once",
        "[[fail-once]]",
        "Fails the job's first attempt and draws on the next.",
        "a picture; the job lists two attempts",
        _failed,
    ),
    MagicPrompt(
        "fail-on",
        "[[fail-on:east]]",
        "Fails on the deployment of that name only.",
        "a picture from another deployment; the job lists both attempts",
        _failed,
    ),
    MagicPrompt(
        "429",
        "[[429]]",
        "Reports its rate limit, two seconds to wait. `[[429:10]]` says ten.",
        "`upstream_rate_limited` (429) with `Retry-After`, unless another deployment serves",
        _limited,
    ),
    MagicPrompt(
        "unavailable",
        "[[unavailable]]",
        "Cannot be reached: nothing is sent.",
        "`upstream_unavailable` (503), unless another deployment serves",
        _unreachable,
    ),
    MagicPrompt(
        "deny",
        "[[deny]]",
        "Refuses the deployment's credentials.",
        "`upstream_denied` (502), unless another deployment serves",
        _denied,
    ),
    MagicPrompt(
        "reject",
        "[[reject]]",
        "Calls the request itself invalid.",
        "`upstream_rejected` (400); not retried",
        _rejected,
    ),
    MagicPrompt(
        "stall",
        "[[stall]]",
        "Says nothing until the attempt's time is up.",
        "`upstream_timeout` (504); the attempt may have been billed, so it is not resent blindly",
        _late,
    ),
    MagicPrompt(
        "slow",
        "[[slow:5]]",
        "Waits that many seconds (5 if none are given), then draws.",
        "a picture, later; a timeout if the attempt's time is shorter",
        _late,
    ),
    MagicPrompt(
        "break-off",
        "[[break-off]]",
        "Sends half of the partial images and half of an image, then breaks off.",
        "`upstream_bad_response` (502) after the first previews",
        _broken,
    ),
    MagicPrompt(
        "wrong-size",
        "[[wrong-size]]",
        "Returns a picture of half the width and height.",
        "what your deployment does with an answer of another size than asked",
    ),
    MagicPrompt(
        "wrong-type",
        "[[wrong-type]]",
        "Returns bytes that are not an image.",
        "`upstream_bad_response` (502)",
    ),
    MagicPrompt(
        "short",
        "[[short:1]]",
        "Returns only that many images (1 if no number is given) of the `n` asked for.",
        "fewer images; only those are charged",
    ),
    MagicPrompt(
        "no-usage",
        "[[no-usage]]",
        "Draws, but reports no usage.",
        "a picture; usage is computed from the catalogue and marked as not reported",
    ),
)

BY_NAME: dict[str, MagicPrompt] = {row.name: row for row in MAGIC_PROMPTS}

_PATTERN = re.compile(r"\[\[([a-z0-9-]+)(?::([^\]\s]*))?\]\]")


def cast(prompt: str) -> Spell:
    """The test prompts that occur in ``prompt``; other bracketed words are left alone."""
    found = {name: argument or "" for name, argument in _PATTERN.findall(prompt)}
    return Spell({name: argument for name, argument in found.items() if name in BY_NAME})


def markdown() -> str:
    """The table of the documentation."""
    lines = ["| Write | The sandbox | You see |", "|---|---|---|"]
    lines += [f"| `{row.example}` | {row.does} | {row.sees} |" for row in MAGIC_PROMPTS]
    return "\n".join(lines)
