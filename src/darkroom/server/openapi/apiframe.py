"""Apiframe's routes."""

from typing import Any, Literal, TypedDict

from pydantic import create_model

from darkroom.dialects import apiframe
from darkroom.dialects.apiframe.families import parameter_objects
from darkroom.dialects.apiframe.schema import Body as ApiframeBody
from darkroom.server.openapi import bodies, shapes
from darkroom.server.openapi.operations import (
    ANY,
    BINARY,
    JSON,
    Access,
    Group,
    Operation,
    answered,
    at,
    form,
    quoting,
)

_JobStatus = Literal["QUEUED", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"]


class ApiframeAccepted(TypedDict):
    jobId: str
    status: str


class ApiframeJob(TypedDict):
    id: str
    status: _JobStatus
    model: str
    progress: int
    error: str | None
    creditCost: int | None
    createdAt: str


class ApiframeJobs(TypedDict):
    jobs: list[ApiframeJob]
    nextCursor: str | None
    hasMore: bool


class ApiframeUpload(TypedDict):
    id: str
    url: str
    kind: Literal["image"]
    contentType: str
    byteSize: int


class ApiframeMe(TypedDict):
    user: dict[str, Any]
    team: dict[str, Any]
    apiKey: dict[str, Any] | None


class ApiframeModels(TypedDict):
    models: list[dict[str, Any]]


class ApiframePage(TypedDict, total=False):
    status: _JobStatus
    model: str
    limit: bodies.Limit
    cursor: bodies.Id
    scope: Literal["user", "team"]
    search: str
    include_models: Literal["true", "false"]


class Modality(TypedDict, total=False):
    modality: Literal["image", "video", "music"]


_Objects: dict[str, Any] = {key: (kind | None, None) for key, kind in parameter_objects().items()}
_GENERATE: Any = create_model("GenerateBody", __base__=ApiframeBody, **_Objects)
_GENERATE_QUOTE: Any = quoting("GenerateQuoteBody", _GENERATE)
_APIFRAME = ("/v2", "/apiframe/v2")

APIFRAME = Group(
    "apiframe",
    "Darkroom: images as Apiframe's clients send them",
    apiframe.NAME,
    shapes.ApiframeError,
    (
        Operation(
            "POST",
            at("/images/generate", *_APIFRAME),
            "Makes images; answers with a job.",
            {200: {JSON: ApiframeJob}, 202: {JSON: ApiframeAccepted}},
            {JSON: _GENERATE},
            errors=ANY,
        ),
        Operation(
            "POST",
            at("/images/quote", *_APIFRAME),
            "What a generation would cost; nothing runs.",
            answered(shapes.Quote),
            {JSON: _GENERATE_QUOTE},
            errors=ANY,
        ),
        Operation("GET", at("/jobs/{job_id}", *_APIFRAME), "One job.", answered(ApiframeJob)),
        Operation(
            "POST",
            at("/jobs/{job_id}/cancel", *_APIFRAME),
            "Stops a job.",
            answered(ApiframeJob),
        ),
        Operation(
            "GET",
            at("/jobs", *_APIFRAME),
            "The account's jobs, newest first.",
            answered(ApiframeJobs),
            query=ApiframePage,
        ),
        Operation(
            "POST",
            at("/uploads", *_APIFRAME),
            "Keeps an image for two hours.",
            answered(ApiframeUpload, 201),
            form(file=BINARY),
            errors=ANY,
        ),
        Operation("GET", at("/me", *_APIFRAME), "Who asks.", answered(ApiframeMe)),
        Operation(
            "GET",
            at("/models", *_APIFRAME),
            "The models and their prices.",
            answered(ApiframeModels),
            query=Modality,
            access=Access.PUBLIC,
        ),
    ),
)
