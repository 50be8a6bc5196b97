"""A server on loopback that speaks Azure OpenAI's image API, in its classic and its v1 form.

Used like :mod:`tests.fakes.openai_vendor`, on which it builds: behind Azure's addresses, key
header and deployment names there is OpenAI's API.
https://learn.microsoft.com/azure/ai-foundry/openai/how-to/dall-e
"""

import json
from collections.abc import Mapping
from dataclasses import replace

from tests.fakes.openai_faults import Plan
from tests.fakes.openai_refusals import Reply
from tests.fakes.openai_vendor import OpenAIVendor
from tests.fakes.recording import Part, Received

API_VERSION = "2025-04-01-preview"


class AzureVendor(OpenAIVendor):
    """``deployments``: the resource's own names, and the model behind each."""

    prefix = ""
    paths = (
        "/openai/models",
        "/openai/v1/models",
        "/openai/responses",
        "/openai/v1/responses",
        *(
            f"{prefix}{path}"
            for prefix in ("/openai/v1", "/openai/deployments/{deployment}")
            for path in ("/images/generations", "/images/edits")
        ),
    )

    def __init__(self, deployments: Mapping[str, str], *, keys: frozenset[str]) -> None:
        super().__init__("azure", keys=keys)
        self._models = dict(deployments)

    def decide(self, arrived: Received, problem: str) -> tuple[Reply, Plan]:
        classic = not arrived.path.startswith("/openai/v1/")
        key = arrived.headers.get("api-key", "")
        if not classic and not key:  # where OpenAI's plain client sends it
            key = arrived.headers.get("authorization", "").removeprefix("Bearer ")
        if key not in self.keys:
            message = (
                "Access denied due to invalid subscription key or wrong API endpoint. Make sure to"
                " provide a valid key for an active subscription and use a correct regional API"
                " endpoint for your resource."
            )
            return _error(401, "401", message), Plan()
        if classic and f"api-version={API_VERSION}" not in arrived.query:
            return _error(404, "404", "Resource not found"), Plan()
        if arrived.path.endswith("/models"):
            return super().decide(arrived, problem)
        if arrived.path.endswith("/responses"):
            return self._answer(arrived, problem)
        if classic:
            name = arrived.path.split("/")[3]
        else:
            name = str(arrived.params.get("model", ""))
        if name not in self._models:
            message = "The API deployment for this resource does not exist."
            return _error(404, "DeploymentNotFound", message), Plan()
        if arrived.params.get("output_format") not in (None, "png", "jpeg"):
            message = "Invalid value: 'webp'. Supported values are: 'png' and 'jpeg'."
            return _error(400, "invalid_value", message), Plan()
        return super().decide(_for_model(arrived, self._models[name]), problem)

    def _answer(self, arrived: Received, problem: str) -> tuple[Reply, Plan]:
        """Text models and image models are deployments alike; the header names the latter."""
        drawing = arrived.headers.get("x-ms-oai-image-generation-deployment", "")
        name = str(arrived.params.get("model", ""))
        if drawing not in self._models or name not in self._models:
            message = "The API deployment for this resource does not exist."
            return _error(404, "DeploymentNotFound", message), Plan()
        [tool] = arrived.params["tools"]
        tools = [{**tool, "model": self._models[drawing]}]
        body = {**arrived.params, "model": self._models[name], "tools": tools}
        return super().decide(replace(arrived, path="/v1/responses", json=body), problem)


def _for_model(arrived: Received, model: str) -> Received:
    """The request as OpenAI would have got it."""
    parts: list[Part] = [
        replace(part, text=model) if part.name == "model" else part for part in arrived.parts
    ]
    body = {**arrived.json, "model": model} if isinstance(arrived.json, dict) else arrived.json
    path = f"/v1/images/{arrived.path.rpartition('/')[2]}"
    return replace(arrived, path=path, json=body, parts=parts)


def _error(status: int, code: str, message: str) -> Reply:
    body = json.dumps({"error": {"code": code, "message": message}})
    return Reply(status, (body.encode(),))
