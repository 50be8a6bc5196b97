"""Makes an OpenAPI 3.1 document of a group of operations and the routes that there are."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import msgspec
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute, Route

from darkroom import __version__
from darkroom.core.dialect import Dialect
from darkroom.core.errors import (
    DarkroomError,
    Forbidden,
    Internal,
    InvalidRequest,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    SlowBody,
    Unauthorized,
)
from darkroom.server.openapi.operations import JSON, Access, Group, Media, Operation

_PLACES = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_KEYS: Mapping[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_TEXT = {"type": "string", "minLength": 1}

Schemas = dict[str, Any]


def methods_of(routes: Iterable[BaseRoute]) -> dict[tuple[str, str], Route]:
    """Every route by its method and path; the first one answers where there are two."""
    found: dict[tuple[str, str], Route] = {}
    for route in routes:
        if isinstance(route, Route):
            for method in (route.methods or set[str]()) - {"HEAD"}:
                found.setdefault((method, route.path), route)
    return found


def document(group: Group, dialect: Dialect, routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """The document. What has no route is left out of it."""
    existing = methods_of(routes)
    schemas = _Schemas(group)
    paths: dict[str, dict[str, Any]] = {}
    for operation in group.operations:
        for path in operation.paths:
            if (operation.method, path) not in existing:
                continue
            told = _operation(operation, path, dialect, schemas)
            paths.setdefault(shown_path(path), {})[operation.method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": {"title": group.title, "version": __version__},
        "paths": paths,
        "components": {"schemas": schemas.components, "securitySchemes": _KEYS},
    }


def shown_path(path: str) -> str:
    """Without the converters: ``/v1/models/{name:path}`` is ``/v1/models/{name}``."""
    return _PARAMETER.sub(r"{\1}", path)


class _Schemas:
    """The JSON Schemas of all types that a group names, made at once so that they share parts."""

    def __init__(self, group: Group) -> None:
        types = list(dict.fromkeys(_types(group)))
        models = [kind for kind in types if _is_model(kind)]
        plain = [kind for kind in types if not _is_model(kind)]
        told, parts = msgspec.json.schema_components(plain, ref_template=_PLACES)
        self._found: dict[Any, Schemas] = dict(zip(plain, told, strict=True))
        made, definitions = models_json_schema(
            [(model, "validation") for model in models],
            ref_template=_PLACES.replace("name", "model"),
        )
        self._found |= {kind: schema for (kind, _), schema in made.items()}
        self.components: Schemas = {**parts, **definitions.get("$defs", {})}
        self.refusal = self.media({JSON: group.error})

    def of(self, kind: Any) -> Schemas:
        return dict(cast(Schemas, kind)) if isinstance(kind, Mapping) else self._found[kind]

    def media(self, media: Media) -> Schemas:
        return {name: {"schema": self.of(kind)} for name, kind in media.items()}

    def query(self, kind: type) -> list[dict[str, Any]]:
        name = self.of(kind)["$ref"].rpartition("/")[2]
        fields = self.components[name]["properties"]
        return [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]


def _operation(
    operation: Operation, path: str, dialect: Dialect, schemas: _Schemas
) -> dict[str, Any]:
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _TEXT,
        }
        for name in _PARAMETER.findall(path)
    ]
    if operation.query is not None:
        parameters += schemas.query(operation.query)
    told: dict[str, Any] = {
        "operationId": _operation_id(operation.method, path),
        "summary": operation.summary,
        "parameters": parameters,
        "responses": _responses(operation, dialect, schemas),
    }
    if operation.access is not Access.PUBLIC:
        told["security"] = [{name: []} for name in _KEYS]
    if operation.body:
        told["requestBody"] = {
            "required": operation.body_required,
            "content": schemas.media(operation.body),
        }
    return told


def _responses(operation: Operation, dialect: Dialect, schemas: _Schemas) -> dict[str, Any]:
    found: dict[str, Any] = {
        str(status): {
            "description": "As asked." if status < 300 else "The caller has it already.",
            **({"content": schemas.media(media)} if media else {}),
        }
        for status, media in operation.answers.items()
    }
    reasons: dict[str, list[str]] = {}
    for kind in _errors(operation):
        status = str(dialect.render_error(kind("")).status)
        reasons.setdefault(status, []).append((kind.__doc__ or "").partition("\n")[0])
    for status, why in sorted(reasons.items()):
        text = " ".join(dict.fromkeys(why))
        found.setdefault(status, {"description": text, "content": schemas.refusal})
    return found


def _errors(operation: Operation) -> Iterator[type[DarkroomError]]:
    """Those of every route, of every route of its kind, and its own."""
    yield from (InvalidRequest, Overloaded, Internal)
    if operation.access is not Access.PUBLIC:
        yield from (Unauthorized, Forbidden)
    if any("{" in path for path in operation.paths):
        yield NotFound
    if operation.body:
        yield from (PayloadTooLarge, SlowBody)
    yield from operation.errors


def _operation_id(method: str, path: str) -> str:
    words = re.findall(r"\w+", shown_path(path))
    return "_".join([method.lower(), *words])


def _types(group: Group) -> Iterator[Any]:
    """Every Python type that the group's operations name."""
    yield group.error
    for operation in group.operations:
        if operation.query is not None:
            yield operation.query
        for media in (operation.body, *operation.answers.values()):
            yield from (kind for kind in media.values() if not isinstance(kind, Mapping))


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(cast(type[Any], kind), BaseModel)
