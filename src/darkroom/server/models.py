"""``GET /v1/models``: what is served, in OpenAI's shape, with what each model can do."""

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.core.capability import Availability, ModelSpec
from darkroom.core.errors import ModelNotFound
from darkroom.routing import ServedModel
from darkroom.server.door import Door
from darkroom.server.native import json_response


def routes(door: Door) -> list[Route]:
    router = door.services.router

    async def models(request: Request) -> Response:
        await door.principal(request)
        return json_response(
            {"object": "list", "data": [_shown(door, served) for served in router.models()]}
        )

    async def model(request: Request) -> Response:
        await door.principal(request)
        name = request.path_params["name"]
        for served in router.models():
            if name == served.spec.id or name in served.spec.aliases:
                return json_response(_shown(door, served, name))
        raise ModelNotFound(f"The model '{name}' does not exist or is not served.", param="model")

    return [
        Route("/v1/models", door.guarded(models), methods=["GET"]),
        Route("/v1/models/{name:path}", door.guarded(model), methods=["GET"]),
    ]


def _shown(door: Door, served: ServedModel, name: str | None = None) -> dict[str, Any]:
    spec = served.spec
    router = door.services.router
    at = [route for id in served.deployments if (route := router.route(id)) is not None]
    sandbox = all(route.provider.name == "sandbox" for route in at)
    dates = next((spec.vendors[v] for v in spec.vendors), Availability())
    return {
        "id": name or spec.id,
        "object": "model",
        "created": _epoch(dates.released),
        "owned_by": "darkroom-sandbox" if sandbox else spec.family,
        "shutdown_date": dates.shutdown.isoformat() if dates.shutdown else None,
        "darkroom": {
            "label": spec.label,
            "description": spec.description,
            "aliases": spec.aliases,
            "deployments": served.deployments,
            "sandbox": sandbox,
            "served_by_successor": served.successor,
            "capabilities": _capabilities(spec),
        },
    }


def _capabilities(spec: ModelSpec) -> dict[str, Any]:
    rule = spec.sizes
    sizes: dict[str, Any] = {"default": str(rule.default)}
    if rule.fixed:
        sizes["fixed"] = [str(size) for size in rule.fixed]
    else:
        sizes |= {
            "multiple": rule.multiple,
            "max_edge": rule.max_edge,
            "min_pixels": rule.min_pixels,
            "max_pixels": rule.max_pixels,
            "max_ratio": rule.max_ratio,
        }
    return {
        "operations": spec.operations,
        "sizes": sizes,
        "qualities": spec.qualities,
        "default_quality": spec.default_quality,
        "backgrounds": spec.backgrounds,
        "formats": spec.formats,
        "moderations": spec.moderations,
        "input_fidelities": spec.fidelities,
        "complexities": spec.complexities,
        "mask": spec.mask,
        "seed": spec.seed,
        "stream": spec.stream,
        "compression": spec.compression,
        "max_n": spec.max_n,
        "max_inputs": spec.max_inputs,
        "max_partial_images": spec.max_partial_images,
        "max_prompt_chars": spec.max_prompt_chars,
    }


def _epoch(day: date | None) -> int:
    return 0 if day is None else (day - date(1970, 1, 1)).days * 86_400
