"""Logs are lines for people or for machines, and hold no secrets."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from darkroom.telemetry import set_up_logs

SECRET = "sk-very-secret"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before, root = structlog.get_config(), logging.getLogger()
    handlers = list(root.handlers)
    yield
    structlog.configure(**before)
    root.handlers = handlers


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
    with structlog.contextvars.bound_contextvars(request_id="req_1", job_id=""):
        log.warning("shown", prompt="two\nlines")
    [line] = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert (said["event"], said["level"], said["request_id"]) == ("shown", "warning", "req_1")
    assert "job_id" not in said  # what is empty is left out


@pytest.mark.parametrize("form", ["console", "json"])
def test_libraries_log_in_our_form_and_lose_their_secrets(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("info", form)
    set_up_logs("info", form)  # a second time: not twice the lines
    key = "sk-abcdefghij0123456789"
    try:
        raise ValueError(f"no such key {key}")
    except ValueError:
        logging.getLogger("some.library").exception("failed with %s", key)
    logging.getLogger("some.library").info("about itself")
    told = capsys.readouterr().err
    assert key not in told
    assert "about itself" not in told
    if form == "console":
        assert told.count("failed with sk-…") == 1
        assert "no such key sk-…" in told
        return
    [line] = map(json.loads, told.splitlines())
    assert (line["event"], line["logger"]) == ("failed with sk-…", "some.library")
    assert line["exception"].endswith("no such key sk-…")


@pytest.mark.parametrize("prefix", ["dk_", "sk-", "sk-evo-", "sk-proj-", "afk_", "whsec_"])
def test_what_looks_like_a_key_is_blotted_out_wherever_it_stands(
    prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("info", "json")
    log = structlog.get_logger()
    body = "abcDEF_-0123456789xyz"
    try:
        raise ValueError(f"the vendor said: no such key {prefix}{body}.")
    except ValueError:
        log.exception("it_failed", told=f"Bearer {prefix}{body}", task="task-unified-1-03h9")
    told = capsys.readouterr().err
    assert "no such key " in told
    assert "task-unified-1-03h9" in told
    assert body not in told
