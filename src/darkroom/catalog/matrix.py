"""What becomes of every parameter on every model, asked of the check itself with trial requests."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from darkroom.catalog.check import plan
from darkroom.catalog.drafting import plural
from darkroom.core.capability import ModelSpec
from darkroom.core.errors import RequestError
from darkroom.core.request import ImageRequest, InputImage, Operation
from darkroom.core.warning import Warning

_PICTURE = InputImage("input", "0" * 64, "image/png", 1024, 1024, 1000)
_MASK = InputImage("mask", "1" * 64, "image/png", 1024, 1024, 1000)

LEFT_OUT_OF_IT = frozenset(
    {"operation", "model", "size_policy", "service_tier", "user", "mainline"}
)
"""Fields of a request that ask nothing of a picture: which call, of whom, by whom, how strictly or
soon."""


class Outcome(StrEnum):
    SENT = "sent"
    """As asked; or it is what the model does anyway."""
    EMULATED = "emulated"
    """Done here, with a warning."""
    BENT = "bent"
    """Another value is sent, with a warning."""
    LEFT_OUT = "left out"
    """Not sent and not done, with a warning."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Trial:
    """A request that differs from the plainest by ``param``, and by what it cannot go without."""

    param: str
    value: Any
    edit: bool = False
    beside: tuple[tuple[str, Any], ...] = ()

    @property
    def label(self) -> str:
        """Such as ``output_compression=80 with output_format=jpeg``."""
        beside = [f"{name}={value}" for name, value in self.beside]
        said = f"{self.param}={_shown(self.param, self.value)}"
        return f"{said} with {', '.join(beside)}" if beside else said

    def request(self) -> ImageRequest:
        operation = Operation.EDIT if self.edit else Operation.GENERATION
        plain = ImageRequest(operation, "", "a fox", inputs=(_PICTURE,) if self.edit else ())
        return replace(plain, **dict(self.beside), **{self.param: self.value})


@dataclass(frozen=True, slots=True)
class Verdict:
    """``codes`` are those of the warnings."""

    outcome: Outcome
    codes: tuple[str, ...] = ()


def verdict(trial: Trial, spec: ModelSpec, *, emulate: bool = True) -> Verdict:
    """What the check makes of the trial on a model."""
    try:
        planned = plan(trial.request(), spec, emulate=emulate)
    except RequestError:
        return Verdict(Outcome.REFUSED)
    usual = _usual(trial, spec)
    about = [warning for warning in planned.warnings if _concerns(warning, trial.param)]
    told = [warning for warning in planned.warnings if warning in about or warning not in usual]
    return Verdict(_outcome(about), tuple(warning.code for warning in told))


def done_here(spec: ModelSpec) -> tuple[str, ...]:
    """The parameters of which some values are honoured here where the model lacks them."""
    found: dict[str, None] = {}
    for trial in TRIALS:
        if trial.param in _MAY_BE_DONE and trial.param not in found:
            with suppress(RequestError):
                warnings = plan(trial.request(), spec).warnings
                about = [warning for warning in warnings if _concerns(warning, trial.param)]
                if _outcome(about) is Outcome.EMULATED:
                    found[trial.param] = None
    return tuple(found)


def _usual(trial: Trial, spec: ModelSpec) -> tuple[Warning, ...]:
    """What the plainest request is warned of: a model may lack even the format of the rest."""
    try:
        return plan(replace(trial, param="user", value=None).request(), spec).warnings
    except RequestError:
        return ()


def _outcome(about: Sequence[Warning]) -> Outcome:
    if not about:
        return Outcome.SENT
    codes = {warning.code for warning in about}
    if codes & _DONE_HERE:
        return Outcome.EMULATED
    return Outcome.LEFT_OUT if codes == {"parameter_dropped"} else Outcome.BENT


_DONE_HERE = {"size_fitted", "format_converted", "mask_composited", "background_matted"}
_MAY_BE_DONE = {"mask", "size", "background", "output_format", "output_compression"}
_SAID_TOGETHER = ("output_format", "output_compression")


def _concerns(warning: Warning, param: str) -> bool:
    # Compression is done with the format, and said with it.
    return warning.param == param or (warning.param, param) == _SAID_TOGETHER


def alike(models: tuple[ModelSpec, ...]) -> tuple[tuple[ModelSpec, ...], ...]:
    """The models in groups that answer every trial alike, in the catalogue's order."""
    groups: dict[tuple[Verdict, ...], list[ModelSpec]] = {}
    for spec in models:
        groups.setdefault(tuple(verdict(trial, spec) for trial in TRIALS), []).append(spec)
    return tuple(map(tuple, groups.values()))


def _shown(param: str, value: Any) -> str:
    match param:
        case "inputs":
            return plural(len(value), "image")
        case "prompt":
            return f"{len(value):,} characters"
        case "mask":
            return "an image"
        case _:
            return str(value)


TRIALS: tuple[Trial, ...] = (
    Trial("prompt", "x" * 1_001),
    Trial("prompt", "x" * 32_000),
    Trial("inputs", (_PICTURE,), edit=True),
    Trial("inputs", (_PICTURE,) * 3, edit=True),
    Trial("inputs", (_PICTURE,) * 14, edit=True),
    Trial("mask", _MASK, edit=True),
    Trial("n", 2),
    Trial("n", 10),
    Trial("size", "1024x1024"),
    Trial("size", "1792x1024"),
    Trial("size", "4096x4096"),
    Trial("size", "1000x999", beside=(("size_policy", "strict"),)),
    *(Trial("quality", tier) for tier in ("low", "medium", "high", "xhigh", "max", "hd")),
    Trial("background", "opaque"),
    Trial("background", "transparent"),
    Trial("background", "transparent", beside=(("output_format", "jpeg"),)),
    *(Trial("output_format", name) for name in ("png", "jpeg", "webp", "gif")),
    Trial("output_compression", 80, beside=(("output_format", "jpeg"),)),
    Trial("output_compression", 80, beside=(("output_format", "webp"),)),
    Trial("moderation", "low"),
    Trial("input_fidelity", "low", edit=True),
    Trial("input_fidelity", "high", edit=True),
    Trial("partial_images", 2),
    Trial("seed", 7),
    Trial("complexity", "low"),
    Trial("frame_count", 4, beside=(("output_format", "gif"),)),
    Trial("frame_duration_ms", 200, beside=(("output_format", "gif"),)),
)
"""Every parameter of a request that asks something of a picture, at the values that differ."""
