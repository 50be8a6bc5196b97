"""``GET /v1/models``: what is served, in OpenAI's shape, with what each model can do.

``details=true`` adds dates, prices and what is done here; see :mod:`darkroom.server.model_details`.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.core.capability import Availability, ModelSpec
from darkroom.core.errors import InvalidRequest, ModelNotFound
from darkroom.routing import ServedModel
from darkroom.server.door import Door
from darkroom.server.model_details import details
from darkroom.server.native import json_response

_PREFIXES = (("/v1/models", ""), ("/openai/v1/models", "openai"), ("/evolink/v1/models", "evolink"))
"""With the dialect in which errors are told; empty: the usual one."""
_FLAGS = {"true": True, "1": True, "": True, "false": False, "0": False}


def routes(door: Door) -> list[Route]:
    router = door.services.router

    async def details_for(request: Request) -> Callable[[ServedModel], dict[str, Any]]:
        """What is added to each model. Prices are those of the caller's key."""
        principal = await door.principal(request)
        wanted = request.query_params.get("details", "false")
        if wanted not in _FLAGS:
            raise InvalidRequest("'details' is 'true' or 'false'.", param="details")
        if not _FLAGS[wanted]:
            return lambda served: {}
        return lambda served: {"details": details(door.services, served, principal)}

    async def models(request: Request) -> Response:
        more = await details_for(request)
        found = [_shown(door, served, more(served)) for served in router.models()]
        return json_response({"object": "list", "data": found})

    async def model(request: Request) -> Response:
        more = await details_for(request)
        name = request.path_params["name"]
        for served in router.models():
            if name in (served.spec.id, *served.spec.aliases, *served.aliases):
                return json_response(_shown(door, served, more(served), name))
        raise ModelNotFound(f"The model '{name}' does not exist or is not served.", param="model")

    dialects = {dialect.name: dialect for dialect in door.services.dialects}
    return [
        Route(prefix + path, door.guarded(handler, dialects.get(told)), methods=["GET"])
        for prefix, told in _PREFIXES
        for path, handler in (("", models), ("/{name:path}", model))
    ]


def _shown(
    door: Door, served: ServedModel, more: dict[str, Any], name: str | None = None
) -> dict[str, Any]:
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
            "aliases": (*spec.aliases, *served.aliases),
            "deployments": served.deployments,
            "sandbox": sandbox,
            "served_by_successor": served.successor,
            "shutdowns": [
                {
                    "deployment": one.deployment,
                    "date": one.day.isoformat(),
                    "days_left": one.days_left,
                }
                for one in served.shutdowns
            ],
            "capabilities": _capabilities(spec),
            **more,
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
