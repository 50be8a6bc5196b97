"""Errors as the Responses API tells them: as an answer, in a response, inside an image call."""

from typing import Any

import msgspec

from darkroom.core.dialect import Answer, Piece
from darkroom.core.errors import DarkroomError
from darkroom.core.job import Job, JobState
from darkroom.dialects import _openai_errors

REFUSED = "moderation_blocked"
_TOOL = frozenset(
    {
        *("size", "quality", "background", "output_format", "output_compression", "moderation"),
        *("input_fidelity", "complexity", "frame_count", "frame_duration_ms", "partial_images"),
        *("seed", "size_policy", "mask_convention"),
    }
)
"""Parameters of the image request that the wire has in the tool."""
_INPUTS = ("image", "inputs", "prompt")
"""And in the input."""
# the response_error codes of the SDK's types: responses/response_error.py
_CODES = {
    "invalid_image": "invalid_image",
    "rate_limit_exceeded": "rate_limit_exceeded",
    "upstream_rate_limited": "rate_limit_exceeded",
    "invalid_value": "invalid_prompt",
    "unsupported_value": "invalid_prompt",
    "upstream_rejected": "invalid_prompt",
}
_IMAGE_CODES = {"not_found": "image_file_not_found", "payload_too_large": "image_too_large"}
"""Where the error is about an input image."""


def answer(error: DarkroomError) -> Answer:
    """The envelope of OpenAI's APIs, with the parameter as this wire names it."""
    told = _openai_errors.answer(error)
    return Answer([msgspec.json.encode(_envelope(error))], _status(error), headers=told.headers)


def event(error: DarkroomError) -> list[Piece]:
    """Ends a stream that cannot go on."""
    body = {**_envelope(error), "type": "error", "sequence_number": 0}
    return [b"event: error\ndata: " + msgspec.json.encode(body) + b"\n\n"]


def of_response(job: Job) -> dict[str, Any] | None:
    """``response.error`` of a job that failed; None for every other."""
    if job.state is not JobState.FAILED or job.error is None or job.error.code == REFUSED:
        return None
    code = _image_code(job.error.code, job.error.param) or _CODES.get(job.error.code)
    return {"code": code or "server_error", "message": job.error.message}


def of_call(job: Job) -> dict[str, Any] | None:
    """``error`` of the image call of a job that was refused on policy; None for every other."""
    if job.state is not JobState.FAILED or job.error is None or job.error.code != REFUSED:
        return None
    return _envelope(DarkroomError.revive(job.error))["error"]


def _envelope(error: DarkroomError) -> dict[str, Any]:
    body = _openai_errors.envelope(error)["error"]
    body["param"] = _param(error.param)
    if error.code == "not_found" and error.param == "previous_response_id":
        body["code"] = "previous_response_not_found"
    elif code := _image_code(error.code, error.param):
        body["code"] = code
    return {"error": body}


def _status(error: DarkroomError) -> int:
    """Who names an earlier response or a file that is not there made a bad request."""
    status = _openai_errors.answer(error).status
    about = error.param or ""
    if error.code == "not_found" and (about == "previous_response_id" or _is_image(about)):
        return 400
    return status


def _image_code(code: str, param: str | None) -> str | None:
    return _IMAGE_CODES.get(code) if _is_image(param or "") else None


def _is_image(param: str) -> bool:
    return param.partition("[")[0] in ("image", "mask")


def _param(param: str | None) -> str | None:
    if param is None:
        return None
    if param in _TOOL:
        return f"tools[0].{param}"
    if param == "mask":
        return "tools[0].input_image_mask"
    return "input" if param.partition("[")[0] in _INPUTS else param
