"""The documents of the API: valid, open to everybody, and true to the routes that there are."""

from typing import Any

import httpx2
import msgspec
import pytest
from openapi_spec_validator import validate
from pydantic import BaseModel

from darkroom.server.app import every_route
from darkroom.server.door import Door
from darkroom.server.keys import Keys
from darkroom.server.openapi import NAMES
from darkroom.server.openapi.document import methods_of
from darkroom.server.openapi.groups import GROUPS
from darkroom.server.openapi.operations import JSON, Group, Operation
from tests.server.client import client
from tests.support.running import Running


def _described() -> list[tuple[str, str]]:
    return [
        (operation.method, path)
        for group in GROUPS.values()
        for operation in group.operations
        for path in operation.paths
    ]


def test_every_route_is_described_and_nothing_else_is(shared: Running) -> None:
    services = shared.services
    door = Door(services, Keys(services.database, services.key_pepper))
    routes, described = set(methods_of(every_route(door))), set(_described())
    missing, invented = sorted(routes - described), sorted(described - routes)
    assert not missing, f"describe in src/darkroom/server/openapi: {missing}"
    assert not invented, f"described in src/darkroom/server/openapi, but not there: {invented}"


def test_no_route_is_described_twice() -> None:
    described = _described()
    assert sorted(set(described)) == sorted(described)


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_valid_and_needs_no_key(shared: Running, name: str) -> None:
    with client(shared, "") as http:
        listed = {one["name"]: one["url"] for one in http.get("/openapi.json").json()["data"]}
        document = http.get(listed[name]).json()
    validate(document)
    assert document["openapi"] == "3.1.0"
    assert document["paths"]
    ids = [told["operationId"] for path in document["paths"].values() for told in path.values()]
    assert len(ids) == len(set(ids))


def test_every_document_is_listed_and_no_other_is_there(http: httpx2.Client) -> None:
    listed = [one["name"] for one in http.get("/openapi.json").json()["data"]]
    assert listed == list(GROUPS) == list(NAMES)
    assert http.get("/openapi/other.json").status_code == 404


def test_bodies_and_errors_are_those_that_are_parsed_and_answered(http: httpx2.Client) -> None:
    document = http.get("/openapi/openai.json").json()
    told = document["paths"]["/v1/images/generations"]["post"]
    body = told["requestBody"]["content"][JSON]["schema"]["$ref"].rpartition("/")[2]
    schema = document["components"]["schemas"][body]
    assert {"prompt", "quality", "size_policy"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    # OpenAI's clients read a spent account from 429
    assert {"400", "401", "429", "504"} <= set(told["responses"])


def _json_bodies(group: Group) -> list[tuple[Operation, list[str]]]:
    """The operations of a group that take JSON, with the fields that they are said to have."""
    found: list[tuple[Operation, list[str]]] = []
    for operation in group.operations:
        kind: Any = operation.body.get(JSON)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            found.append((operation, list(kind.__struct_fields__)))
        elif (
            isinstance(kind, type)
            and issubclass(kind, BaseModel)
            and "root" not in (kind.model_fields)
        ):
            found.append((operation, list(kind.model_fields)))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_known_and_no_other(http: httpx2.Client, name: str) -> None:
    """A field's value may be refused, its name may not; and an unknown one is refused by name."""
    for operation, fields in _json_bodies(GROUPS[name]):
        path = operation.paths[0].replace(":path", "")
        # an object of parameters belongs to some models only
        for field in (*(one for one in fields if not one.endswith("Params")), "no_such_field"):
            answer = http.request(operation.method, path, json={field: [[]]})
            unknown = "nknown parameter" in answer.text
            assert unknown == (field == "no_such_field"), f"{path} {field}: {answer.text}"
