"""What an error in OpenAI's shape, or near it, means: the vendors' own words."""

import json
from typing import Any

import pytest

from darkroom.core import errors
from darkroom.core.deployment import Deployment
from darkroom.core.errors import DarkroomError, ModerationBlocked
from darkroom.core.secret import Secret
from darkroom.providers._openai_errors import classify, sounds_refused

AZURE_FILTERED = {
    "error": {
        "code": "content_policy_violation",
        "message": "Your request was rejected as a result of our safety system.",
        "inner_error": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_results": {
                "hate": {"filtered": False, "severity": "safe"},
                "violence": {"filtered": True, "severity": "medium"},
            },
        },
    }
}
AZURE_OUTPUT = {
    "created": 1698342300,
    "error": {
        "code": "contentFilter",
        "message": "Generated image was filtered as a result of our safety system.",
    },
}
XAI_403 = {
    "code": "The caller does not have permission to execute the specified operation",
    "error": "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_VIOLENCE",
}
OPENROUTER = {
    "error": {
        "code": 403,
        "message": "Your chosen model requires moderation and your input was flagged",
        "metadata": {"reasons": ["violence"], "flagged_input": "…"},
    }
}


class Answer:
    """The head of an answer."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self._headers = headers or {}

    def header(self, name: str) -> str | None:
        return self._headers.get(name)


def error_of(status: int, body: Any, headers: dict[str, str] | None = None) -> DarkroomError:
    deployment = Deployment("main", "x", api_key=Secret("key-0123456789"))
    answer: Any = Answer(status, headers)
    return classify(answer, json.dumps(body).encode(), deployment)


@pytest.mark.parametrize(
    ("status", "body", "stage", "categories"),
    [
        (400, AZURE_FILTERED, "unknown", ["violence"]),
        (400, AZURE_OUTPUT, "output", []),
        (403, XAI_403, "unknown", []),
        (403, OPENROUTER, "unknown", ["violence"]),
        (422, {"error": {"message": "NSFW content detected in the image"}}, "unknown", []),
        (400, {"detail": "Blocked by the content policy."}, "unknown", []),
    ],
)
def test_refusals_keep_their_stage_and_categories(
    status: int, body: Any, stage: str, categories: list[str]
) -> None:
    error = error_of(status, body)
    assert type(error) is ModerationBlocked
    assert error.details == {"stage": stage, "categories": categories}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": {"message": "Unknown parameter: 'moderation'."}}, errors.UpstreamRejected),
        (
            403,
            {
                "error": {
                    "code": "Forbidden",
                    "message": "Your resource has been temporarily blocked because we detected"
                    " behavior that may violate our content policy.",
                }
            },
            errors.UpstreamDenied,
        ),
        (500, {"error": {"message": "The safety system is down."}}, errors.UpstreamFailed),
        (429, {"code": "exhausted", "error": "Too many requests"}, errors.UpstreamRateLimited),
        (422, {"detail": [{"loc": ["body"], "msg": "Field required"}]}, errors.UpstreamRejected),
        (402, {"error": "Insufficient credits"}, errors.UpstreamDenied),
    ],
)
def test_other_errors_are_no_refusals(
    status: int, body: Any, kind: type[errors.DarkroomError]
) -> None:
    assert type(error_of(status, body)) is kind


def test_the_words_for_people_are_found_wherever_they_are() -> None:
    problems = [{"loc": ["body", "n"], "msg": "too many"}, {"msg": "bad size"}]
    assert error_of(422, {"detail": problems}).message == "too many; bad size"
    assert error_of(400, {"detail": {"message": "no"}}).message == "no"
    assert "spent" in error_of(402, {"code": "x", "error": "spent"}).message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "7", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Mon, 01 Jan 99999 00:00:00 GMT"}, None),
        ({"retry-after": f"Mon, 01 Jan {10**20} 00:00:00 GMT"}, None),
    ],
)
def test_the_pause_that_is_asked_for_is_kept(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert error_of(429, {}, headers).retry_after_s == seconds


def test_only_sentences_about_policy_sound_refused() -> None:
    refused = "Provider returned an error: content policy violation"
    assert sounds_refused(refused)
    assert not sounds_refused("Provider returned an error: timeout")
    assert not sounds_refused("failed to moderate image")
