"""What became of one request: the record that a batch keeps per row and a report shows."""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, cast

MANIFEST = "manifest.jsonl"
"""A batch folder's record: a JSON object per line. Of those with one ``id`` the last counts."""

SUCCEEDED = "succeeded"
FAILED = "failed"
CANCELED = "canceled"
_SECONDS_MAX = 366 * 86_400
_FINAL = (SUCCEEDED, FAILED, CANCELED)
_REFUSED = "moderation_blocked"
_NOT_ASKED = ("operation", "prompt", "inputs", "mask", "user")


@dataclass(frozen=True, slots=True)
class RunFile:
    """An image. ``path`` is relative to the batch folder, with ``/``; "" when it is not on disk."""

    path: str
    sha256: str
    media_type: str
    width: int
    height: int
    byte_size: int

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            path=_text(said, "path"),
            sha256=_text(said, "sha256"),
            media_type=_text(said, "media_type"),
            width=_number(said, "width"),
            height=_number(said, "height"),
            byte_size=_number(said, "byte_size"),
        )


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """``quantity`` tokens, images or megapixels of ``category`` at ``unit_nanos`` each.

    ``unit_nanos`` is the list price: a multiplier is in ``amount_nanos`` already.
    """

    category: str
    quantity: int
    unit_nanos: int
    amount_nanos: int

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            category=_text(said, "category"),
            quantity=_number(said, "quantity"),
            unit_nanos=_number(said, "unit_nanos"),
            amount_nanos=_number(said, "amount_nanos"),
        )


@dataclass(frozen=True, slots=True)
class RunCharge:
    """Nano-dollars; ``lines`` add up to ``nanos``."""

    nanos: int
    lines: tuple[ChargeLine, ...] = ()
    saved_nanos: int = 0
    """How much more it would have cost without --economy."""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            _number(said, "nanos"),
            tuple(ChargeLine.of(one) for one in _list(said, "lines")),
            _number(said, "saved_nanos"),
        )


@dataclass(frozen=True, slots=True)
class RunAttempt:
    """One try at a deployment; ``error`` is the code of what went wrong, "" for nothing."""

    deployment: str
    state: str
    error: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(_text(said, "deployment"), _text(said, "state"), _text(said, "error"))


@dataclass(frozen=True, slots=True)
class RunError:
    """``code`` is stable; ``message`` is for people."""

    code: str
    message: str

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(_text(said, "code"), _text(said, "message"))


@dataclass(frozen=True, slots=True)
class Run:
    """One row's outcome, so far or for good.

    ``state`` is a job's: queued, running, succeeded, failed or canceled; ``queued`` without a
    ``job_id`` is about to be sent. A row that the server refused to accept is ``failed``.
    """

    id: str
    number: int
    """The row's place in the batch, from 1; 0: none."""
    prompt: str
    request: Mapping[str, Any]
    """What was asked besides the prompt, by its names on the wire."""
    state: str
    job_id: str = ""
    files: tuple[RunFile, ...] = ()
    charge: RunCharge | None = None
    """None until the job has delivered: nothing is charged before, nor for what failed."""
    quote_nanos: int | None = None
    """What was expected, in nano-dollars."""
    usage: Mapping[str, int] = field(default_factory=dict[str, int])
    """Tokens: text_in, image_in, cached_text_in, cached_image_in, text_out, image_out."""
    model: str = ""
    """As asked."""
    served_model: str = ""
    quality: str = ""
    """As made; "" when the server did not say."""
    deployment: str = ""
    attempts: tuple[RunAttempt, ...] = ()
    seconds: float | None = None
    """From acceptance to the end, at the server."""
    warnings: tuple[str, ...] = ()
    error: RunError | None = None
    sandbox: bool = False

    @property
    def is_final(self) -> bool:
        return self.state in _FINAL

    @property
    def is_refused(self) -> bool:
        """Whether moderation refused it: asking again will not help."""
        return self.error is not None and self.error.code == _REFUSED

    @property
    def charged_nanos(self) -> int:
        return 0 if self.charge is None else self.charge.nanos

    @property
    def saved_nanos(self) -> int:
        return 0 if self.charge is None else self.charge.saved_nanos

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """Tolerant: what is missing, or of another type, is left empty."""
        charge, error = _object(said, "charge"), _object(said, "error")
        quote = said.get("quote_nanos")
        return cls(
            id=_text(said, "id"),
            number=_number(said, "number"),
            prompt=_text(said, "prompt"),
            request=_object(said, "request") or {},
            state=_text(said, "state"),
            job_id=_text(said, "job_id"),
            files=tuple(RunFile.of(one) for one in _list(said, "files")),
            charge=None if charge is None else RunCharge.of(charge),
            quote_nanos=quote if isinstance(quote, int) else None,
            usage=_counts(_object(said, "usage") or {}),
            model=_text(said, "model"),
            served_model=_text(said, "served_model"),
            quality=_text(said, "quality"),
            deployment=_text(said, "deployment"),
            attempts=tuple(RunAttempt.of(one) for one in _list(said, "attempts")),
            seconds=_seconds(said.get("seconds")),
            warnings=_texts(said.get("warnings")),
            error=None if error is None else RunError.of(error),
            sandbox=said.get("sandbox") is True,
        )

    @classmethod
    def of_job(cls, job: Mapping[str, Any], *, id: str = "", number: int = 0) -> Self:
        """From a job as ``GET /v1/jobs/{job_id}`` shows it; its files have no paths yet.

        Without an ``id``, the job's.
        """
        asked, quote = _object(job, "request") or {}, _object(job, "quote")
        error = _object(job, "error")
        total_ms = (_object(job, "timings") or {}).get("total_ms")
        job_id = _text(job, "id")
        return cls(
            id=id or job_id,
            number=number,
            prompt=str(asked.get("prompt", "")),
            request=_asked(asked),
            state=_text(job, "state"),
            job_id=job_id,
            files=tuple(RunFile.of(one) for one in _results(job)),
            charge=_charge(_object(job, "charge")),
            quote_nanos=None if quote is None else quote["expected"]["nanos"],
            usage=_usage(_object(job, "usage") or {}),
            model=_text(job, "model"),
            served_model=_text(job, "served_model"),
            quality=_text(_object(job, "output") or {}, "quality"),
            deployment=_text(job, "deployment"),
            attempts=tuple(
                RunAttempt(
                    one["deployment"], one["state"], _text(_object(one, "error") or {}, "code")
                )
                for one in _list(job, "attempts")
            ),
            seconds=None if total_ms is None else total_ms / 1000,
            warnings=tuple(_text(one, "message") for one in _list(job, "warnings")),
            error=None if error is None else RunError.of(error),
            sandbox=job.get("sandbox") is True,
        )


def read_manifest(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a manifest, oldest first. What is no JSON object is passed over: a power cut
    may have torn a line. Raises ``OSError``."""
    with path.open("rb") as file:
        for line in file:
            try:
                said = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(said, dict):
                yield said


def read_runs(folder: Path) -> tuple[Run, ...]:
    """The rows of a batch folder as they stand, in order. Raises ``OSError``."""
    found: dict[str, Run] = {}
    for said in read_manifest(folder / MANIFEST):
        if isinstance(said.get("id"), str):
            found[said["id"]] = Run.from_json(said)
    return tuple(sorted(found.values(), key=lambda run: run.number))


def _results(job: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    made = [one for one in _list(job, "assets") if one.get("kind") == "result"]
    return sorted(made, key=lambda one: _number(one, "position"))


def _asked(request: Mapping[str, Any]) -> dict[str, Any]:
    """Without what was not said. How many images went in stands for the images."""
    said = {k: v for k, v in request.items() if k not in _NOT_ASKED and v is not None}
    if request.get("inputs"):
        said["images"] = len(request["inputs"])
    if request.get("mask"):
        said["mask"] = 1
    return said


def _charge(said: Mapping[str, Any] | None) -> RunCharge | None:
    if said is None:
        return None
    lines = (
        ChargeLine(one["category"], one["quantity"], one["unit_nanos"], one["nanos"])
        for one in said["lines"]
    )
    saved = _object(said, "saved") or {}
    return RunCharge(said["nanos"], tuple(lines), _number(saved, "nanos"))


def _usage(said: Mapping[str, Any]) -> dict[str, int]:
    ins = _object(said, "input_tokens_details") or {}
    outs = _object(said, "output_tokens_details") or {}
    return _counts(
        {
            "text_in": ins.get("text_tokens"),
            "image_in": ins.get("image_tokens"),
            "cached_text_in": ins.get("cached_text_tokens"),
            "cached_image_in": ins.get("cached_image_tokens"),
            "text_out": outs.get("text_tokens"),
            "image_out": outs.get("image_tokens"),
        }
    )


def _counts(said: Mapping[Any, Any]) -> dict[str, int]:
    return {str(name): count for name, count in said.items() if isinstance(count, int)}


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, cast(list[object], value))) if isinstance(value, list) else ()


def _seconds(value: object) -> float | None:
    if isinstance(value, int | float) and 0 <= value <= _SECONDS_MAX:
        return float(value)
    return None


def _number(said: Mapping[str, Any], name: str) -> int:
    value = said.get(name)
    return value if isinstance(value, int) else 0


def _object(said: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = said.get(name)
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else None


def _list(said: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    value = said.get(name)
    if not isinstance(value, list):
        return ()
    many = cast(list[Any], value)
    return [cast(Mapping[str, Any], one) for one in many if isinstance(one, Mapping)]
