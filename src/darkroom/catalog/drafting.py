"""A plan in the making: what the rules of the check read, change and say."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from darkroom.core.capability import ModelSpec
from darkroom.core.errors import InvalidRequest, UnsupportedValue
from darkroom.core.finish import Composite, Finish
from darkroom.core.request import ImageRequest
from darkroom.core.size import Size
from darkroom.core.warning import Warning

_NAMED = 3

Peers = Callable[[], Iterable[ModelSpec]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask upstream, and what to do with every image that comes.

    ``request`` holds only what the model has; its ``size`` is native or ``"auto"``.
    """

    request: ImageRequest
    finish: Finish
    warnings: tuple[Warning, ...]


class PlanDraft:
    """One request on its way to a plan. ``asked`` never changes; ``changes`` go upstream."""

    def __init__(
        self, request: ImageRequest, spec: ModelSpec, *, emulate: bool, peers: Peers
    ) -> None:
        self.asked = request
        self.spec = spec
        self.emulate = emulate
        """Whether what the model lacks may be done here."""
        self._peers = peers
        self.changes: dict[str, Any] = {"model": spec.id}
        self.warnings: list[Warning] = []
        self.size: Size | None = None
        self.compression: int | None = None
        self.composite: Composite | None = None
        self.matte = False

    def drop(self, param: str, neutral: object, why: str) -> None:
        """Leave a parameter out, and say so."""
        asked = getattr(self.asked, param)
        self.changes[param] = neutral
        message = f"{param}={asked!r} was left out: {why}."
        self.warnings.append(Warning("parameter_dropped", message, param, asked=str(asked)))

    def bend(self, code: str, param: str, used: str, message: str) -> None:
        """Use another value, and say so."""
        self.changes[param] = used
        asked = str(getattr(self.asked, param))
        self.warnings.append(Warning(code, message, param, asked, used))

    def able(self, has: Callable[[ModelSpec], bool]) -> str:
        """A sentence that names models which have what this one lacks; empty when none is known."""
        names = [peer.id for peer in self._peers() if has(peer)]
        return f" Models that have it: {words(tuple(names[:_NAMED]))}." if names else ""

    def plan(self) -> Plan:
        finish = Finish(
            size=self.size,
            format=self.asked.output_format,
            compression=self.compression,
            composite=self.composite,
            matte=self.matte,
            told=frozenset(warning.code for warning in self.warnings),
        )
        return Plan(replace(self.asked, **self.changes), finish, tuple(self.warnings))


def invalid(
    param: str,
    value: str,
    supported: Iterable[str],
    kind: type[InvalidRequest | UnsupportedValue] = UnsupportedValue,
) -> InvalidRequest | UnsupportedValue:
    """The wording is OpenAI's, which clients look for."""
    return kind(
        f"Invalid value: {value!r}. Supported values are: {words(tuple(supported))}.",
        param=param,
    )


def words(values: tuple[str, ...], last: str = "and") -> str:
    """``'a', 'b', and 'c'``."""
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return f" {last} ".join(quoted)
    return f"{', '.join(quoted[:-1])}, {last} {quoted[-1]}"


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
