"""Files inside a JSON body become base64 while it is sent."""

import base64
import json
from pathlib import Path

from darkroom.core.deployment import Deployment
from darkroom.core.ports import Base64File
from darkroom.egress import AddressGuard, HttpEgress, PublicFetcher
from darkroom.egress.json_body import json_payload
from tests.fakes.openai_vendor import OpenAIVendor


def a_file(folder: Path, name: str, size: int) -> Base64File:
    path = folder / name
    path.write_bytes(bytes(range(256)) * (size // 256) + b"x" * (size % 256))
    return Base64File(path, size)


def test_a_body_without_files_is_plain_bytes() -> None:
    assert json_payload({"a": [1, {"b": None}]}) == b'{"a":[1,{"b":null}]}'


async def test_files_are_sent_as_base64_where_they_stand(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    small, large = a_file(tmp_path, "small", 5), a_file(tmp_path, "large", 700_001)
    prefixed = Base64File(small.path, small.byte_size, "data:image/png;base64,")
    body = {"prompt": "x", "list": [{"data": large}, (small,)], "url": prefixed, "n": 1}
    egress = HttpEgress(PublicFetcher(AddressGuard()))
    try:
        deployment = Deployment("d", "openai", openai_vendor.base_url)
        response = await egress.post_json(deployment, "/images/generations", body, {})
        await response.close()
    finally:
        await egress.close()
    [sent] = openai_vendor.received
    received = json.loads(sent.body)
    assert int(sent.headers["content-length"]) == len(sent.body)
    assert sent.headers["content-type"] == "application/json"
    assert base64.b64decode(received["list"][0]["data"]) == large.path.read_bytes()
    assert base64.b64decode(received["list"][1][0]) == small.path.read_bytes()
    assert received["url"] == "data:image/png;base64," + received["list"][1][0]
    assert (received["prompt"], received["n"]) == ("x", 1)
