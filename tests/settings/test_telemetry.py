"""Logs are lines for people or for machines, and hold no secrets."""

import json
from collections.abc import Iterator

import pytest
import structlog

from darkroom.telemetry import set_up_logs

SECRET = "sk-very-secret"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def failing(api_key: str) -> None:
    raise ValueError(f"a failure of {len(api_key)} characters")


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_shows_no_variables(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("info", form)
    log = structlog.get_logger()
    try:
        failing(SECRET)
    except ValueError:
        log.exception("it_failed", api_key=SECRET, job="job-1")
    told = capsys.readouterr().err
    assert "it_failed" in told
    assert "job-1" in told
    assert "a failure of 14 characters" in told
    assert "in failing" in told
    assert SECRET not in told


def test_json_is_one_object_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("warning", "json")
    log = structlog.get_logger()
    log.info("not_shown")
    with structlog.contextvars.bound_contextvars(request="req_1"):
        log.warning("shown", prompt="two\nlines")
    [line] = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert (said["event"], said["level"], said["request"]) == ("shown", "warning", "req_1")
