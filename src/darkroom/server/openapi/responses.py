"""The routes of OpenAI's Responses API."""

from darkroom.dialects import responses
from darkroom.dialects.responses.schema import ResponseBody
from darkroom.server.openapi import bodies, shapes
from darkroom.server.openapi.operations import (
    ANY,
    EVENTS,
    JSON,
    STREAM,
    Group,
    Operation,
    answered,
    at,
)

_ONE = "/{response_id}"

RESPONSES = Group(
    "responses",
    "Darkroom: conversations that draw, as OpenAI's Responses API has them",
    responses.NAME,
    shapes.OpenAIError,
    (
        Operation(
            "POST",
            ("/v1/responses", "/openai/v1/responses"),
            "Answers with a picture.",
            {200: {JSON: shapes.Response, EVENTS: STREAM}},
            {JSON: ResponseBody},
            errors=ANY,
        ),
        Operation(
            "GET",
            at(_ONE, "/v1/responses", "/openai/v1/responses"),
            "A stored response, or its events.",
            {200: {JSON: shapes.Response, EVENTS: STREAM}},
            query=bodies.Resumed,
        ),
        Operation(
            "DELETE",
            at(_ONE, "/v1/responses", "/openai/v1/responses"),
            "Forgets the conversation.",
            answered(shapes.Deleted),
        ),
        Operation(
            "POST",
            at(f"{_ONE}/cancel", "/v1/responses", "/openai/v1/responses"),
            "Stops a background response.",
            answered(shapes.Response),
        ),
        Operation(
            "GET",
            at(f"{_ONE}/input_items", "/v1/responses", "/openai/v1/responses"),
            "What was sent.",
            answered(shapes.InputItems),
            query=bodies.Items,
        ),
    ),
)
