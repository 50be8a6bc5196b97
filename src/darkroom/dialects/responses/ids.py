"""The ids of a response and its items: all are the job's id in other words."""

import re

from darkroom.core.errors import NotFound
from darkroom.core.job import Job

RESPONSE, MESSAGE, CALL, INPUT, EVENT = "resp_", "msg_", "ig_", "in_", "evt_"
_RESPONSE = re.compile(rf"{RESPONSE}([0-9a-f]{{32}})", re.ASCII)
_CALL = re.compile(rf"{CALL}([0-9a-f]{{32}})([0-9a-f]{{2}})", re.ASCII)


def response_id(job: Job) -> str:
    return RESPONSE + _digits(job)


def message_id(job: Job) -> str:
    """Of the message that says what was done."""
    return MESSAGE + _digits(job)


def call_id(job: Job, position: int) -> str:
    """Of the image call that made the result of this position; known before there is one."""
    return f"{CALL}{_digits(job)}{position:02x}"


def input_id(job: Job, position: int) -> str:
    return f"{INPUT}{_digits(job)}{position:02x}"


def event_id(job: Job) -> str:
    return EVENT + _digits(job)


def job_of(text: str) -> str:
    """The id of a response's job. Raises :class:`NotFound`."""
    match = _RESPONSE.fullmatch(text)
    if match is None:
        raise NotFound(f"Response with id '{text[:80]}' not found.", param="response_id")
    return _uuid(match[1])


def call_of(text: str) -> tuple[str, int] | None:
    """The job and the position of an image call; None for what is no id of ours."""
    match = _CALL.fullmatch(text)
    return None if match is None else (_uuid(match[1]), int(match[2], 16))


def _digits(job: Job) -> str:
    return job.id.replace("-", "")


def _uuid(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
