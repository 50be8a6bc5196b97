"""A server on loopback that speaks OpenAI's Images API, checks like OpenAI, and fails on command.

In a test: ``vendor.next(Fault.RATE_LIMITED, retry_after="1")``, then look at ``vendor.received``.
From another process: a prompt such as ``a cat [[server_error times=1]]``, or ``POST /_control``
with ``{"fault": "hang", "times": 2}``. As a program: ``python -m tests.fakes.openai_vendor``.
"""

import argparse
import contextlib
import json
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.fakes import openai_batches
from tests.fakes.openai_answers import reply, right_answer
from tests.fakes.openai_faults import Plan
from tests.fakes.openai_inputs import BadInput, from_json, from_parts
from tests.fakes.openai_refusals import REFUSALS, Reply, envelope
from tests.fakes.openai_responses import conversation, response
from tests.fakes.openai_rules import (
    EDIT_FORM_PARAMS,
    EDIT_JSON_PARAMS,
    GENERATION_PARAMS,
    MODELS,
    Asked,
    FormText,
    Rejection,
    check,
    check_key,
)
from tests.fakes.recording import Received
from tests.fakes.vendor import Vendor


class OpenAIVendor(Vendor):
    """OpenAI's paths and Azure's."""

    prefix = "/v1"
    paths = (
        tuple(
            f"{prefix}{path}"
            for prefix in ("/v1", "/openai/v1", "/openai/deployments/{deployment}")
            for path in ("/images/generations", "/images/edits", "/models", "/responses")
        )
        + openai_batches.PATHS
    )
    bought_at = ("/images/", "/responses")

    def __init__(
        self,
        name: str = "openai",
        *,
        keys: frozenset[str] = frozenset(),
        weight: int = 0,
        port: int = 0,
    ) -> None:
        super().__init__(name, keys=keys, weight=weight, port=port)
        self.batches = openai_batches.Batches(self._line)

    def decide(self, arrived: Received, problem: str) -> tuple[Reply, Plan]:
        """The answer and how it travels. A request OpenAI would refuse uses up no fault."""
        try:
            if problem:
                raise Rejection(400, problem)
            check_key(arrived.headers, self.keys)
            if arrived.path.endswith("/models"):
                _only("GET", arrived)
                what = self.script.take(arrived.path, "")
                return _refused(what) or _models(), what
            if self.batches.handles(arrived.path):
                what = self.script.take(arrived.path, "")
                return _refused(what) or self.batches.answer(arrived), what
            _only("POST", arrived)
            if arrived.path.endswith("/responses"):
                return self._respond(arrived)
            asked = understood(arrived)
        except Rejection as error:
            return envelope(error.status, error.error, error.headers), Plan()
        except BadInput as error:
            told = {"message": error.message, "type": "invalid_request_error"}
            return envelope(400, {**told, "code": error.code, "param": error.param}), Plan()
        what = self.script.take(arrived.path, asked.prompt)
        weight = self.weight if what.weight is None else what.weight
        return _refused(what) or reply(right_answer(asked, weight), what), what

    def _respond(self, arrived: Received) -> tuple[Reply, Plan]:
        asked = conversation(arrived.params)
        what = self.script.take(arrived.path, asked.image.prompt)
        return _refused(what) or response(asked, what), what

    def _line(self, brought: Received, path: str, body: dict[str, Any]) -> Reply:
        """The answer to a line of a batch, as to a request with this body."""
        sent = replace(brought, method="POST", path=path, json=body, parts=(), body=b"")
        return self.decide(sent, "")[0]

    def reset(self) -> None:
        super().reset()
        self.batches = openai_batches.Batches(self._line)

    def standing_headers(self, number: int) -> Mapping[str, str]:
        return {
            "x-request-id": f"req_fake_{number:06d}",
            "openai-processing-ms": "42",
            "openai-organization": "org-fake",
            "openai-version": "2020-10-01",
            "x-ratelimit-limit-requests": "250",
            "x-ratelimit-remaining-requests": str(max(0, 250 - number)),
            "x-ratelimit-reset-requests": "240ms",
        }

    async def no_such_url(self, request: Request, _: Exception) -> Response:
        message = f"Invalid URL ({request.method} {request.url.path})"
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
        return JSONResponse({"error": error}, 404)


def understood(arrived: Received) -> Asked:
    """The checked image request; raises :class:`Rejection` or :class:`BadInput`."""
    edit = arrived.path.endswith("/edits")
    multipart = arrived.headers.get("content-type", "").startswith("multipart/form-data")
    if multipart and edit:
        params: dict[str, Any] = {k: FormText(v) for k, v in arrived.fields.items()}
        return check(EDIT_FORM_PARAMS, params, from_parts(arrived.parts), edit=True)
    if not isinstance(arrived.json, dict):
        raise Rejection(400, "We could not parse the JSON body of your request.")
    params = dict(cast("Mapping[str, Any]", arrived.json))
    if "/deployments/" in arrived.path:
        params.setdefault("model", arrived.path.split("/deployments/")[1].split("/")[0])
    if edit:
        return check(EDIT_JSON_PARAMS, params, from_json(params), edit=True)
    return check(GENERATION_PARAMS, params, (), edit=False)


def _only(method: str, arrived: Received) -> None:
    if arrived.method != method:
        raise Rejection(405, f"Not allowed to {arrived.method} on {arrived.path}.")


def _refused(what: Plan) -> Reply | None:
    refusal = REFUSALS.get(what.fault)
    return refusal(what) if refusal else None


def _models() -> Reply:
    listed = [
        {"id": model, "object": "model", "created": 1_700_000_000, "owned_by": "system"}
        for model in MODELS
    ]
    return Reply(200, (json.dumps({"object": "list", "data": listed}).encode(),))


@contextlib.contextmanager
def refusing_url() -> Iterator[str]:
    """A base URL whose port refuses connections (it is bound, but nobody listens)."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/v1"


def main(argv: list[str] | None = None) -> int:
    """Serve until the process is told to end; prints the base URL first."""
    parser = argparse.ArgumentParser(
        prog="openai_vendor", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--weight", type=int, default=0, help="bytes per image, at least")
    told = parser.parse_args(argv)
    with OpenAIVendor(port=told.port, weight=told.weight) as vendor:
        sys.stdout.write(vendor.base_url + "\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
