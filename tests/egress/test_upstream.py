"""Calls to deployments: which addresses get their key, and images that answers link to."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from darkroom.core.deployment import Deployment
from darkroom.core.errors import UpstreamBroken, UpstreamTimeout, UpstreamUnavailable
from darkroom.core.ports import Base64File
from darkroom.egress import AddressGuard, HttpEgress, PublicFetcher
from tests.fakes.openai_faults import Fault, Plan
from tests.fakes.openai_refusals import Reply
from tests.fakes.openai_vendor import refusing_url
from tests.fakes.recording import Received
from tests.fakes.vendor import Vendor
from tests.support.spooled import FolderSink

IMAGE = b"\x89PNG not really" * 1_000
KEY = {"authorization": "Bearer sk-CANARY"}


class Host(Vendor):
    """Answers every path with the image."""

    paths = ("/{path:path}",)
    bought_at = "/"

    def decide(self, arrived: Received, problem: str) -> tuple[Reply, Plan]:
        what = self.script.take(arrived.path, "")
        if what.fault is Fault.REDIRECT:
            return Reply(302, (b"",), {"location": what.location}), what
        if what.fault is Fault.BAD_GATEWAY:
            return Reply(502, (b"no",)), what
        return Reply(200, (IMAGE,), content_type="image/png"), what


@pytest.fixture
def vendor() -> Iterator[Host]:
    with Host("vendor") as server:
        yield server


@pytest.fixture
def other() -> Iterator[Host]:
    with Host("other") as server:
        yield server


@pytest.fixture
async def egress() -> AsyncIterator[HttpEgress]:
    """The way out; what other hosts link to may be on loopback."""
    fetcher = PublicFetcher(AddressGuard(("127.0.0.0/8",)), any_port=True)
    opened = HttpEgress(fetcher)
    yield opened
    await opened.close()
    await fetcher.close()


@pytest.fixture
def deployment(vendor: Host) -> Deployment:
    return Deployment("main", "x", f"{vendor.base_url}/v1", timeout_s=2)


@pytest.fixture
def sink(tmp_path: Path) -> FolderSink:
    return FolderSink(tmp_path / "spool")


# Asking ----------------------------------------------------------------------------------------


async def test_a_path_and_an_address_of_the_own_origin_are_asked(
    egress: HttpEgress, deployment: Deployment, vendor: Host
) -> None:
    for url in ("/tasks/a%2F1?x=%20y", f"{vendor.base_url}/elsewhere"):
        response = await egress.get(deployment, url, KEY)
        assert await response.read(1_000_000) == IMAGE
        await response.close()
    first, second = vendor.received
    assert (first.method, first.path, first.query) == ("GET", "/v1/tasks/a/1", "x=%20y")
    assert second.path == "/elsewhere"
    assert first.headers["authorization"] == "Bearer sk-CANARY"


@pytest.mark.parametrize(
    "url",
    [
        "{other}/tasks/1",
        "http://localhost:{port}/tasks/1",
        "https://127.0.0.1:{port}/tasks/1",
        "http://127.0.0.1:{port}@{other_host}/",
        "http://user@api.bfl.ai/1",
        "http://api.bfl.ai/1",  # trusted only over https
        "https://api.bfl.ai:8443/1",
        "https://bfl.ai.evil.example/1",
        "https://evilbfl.ai/1",
        "https://bfl.ai/1",  # not below it
        "https://user@api.bfl.ai/1",
        "file:///etc/passwd",
        "",
        "not a url",
    ],
)
async def test_no_other_address_is_asked_with_the_key(
    egress: HttpEgress, deployment: Deployment, vendor: Host, other: Host, url: str
) -> None:
    address = url.format(
        other=other.base_url, port=vendor.port, other_host=f"127.0.0.1:{other.port}"
    )
    with pytest.raises(UpstreamBroken, match="not asked with its key"):
        await egress.get(deployment, address, KEY, ("*.bfl.ai",))
    assert other.received == vendor.received == []


async def test_two_slashes_are_a_path_and_no_other_host(
    egress: HttpEgress, deployment: Deployment, vendor: Host
) -> None:
    response = await egress.get(deployment, "//evil.example/1", KEY)
    await response.close()
    assert vendor.received[0].path == "/v1//evil.example/1"


async def test_a_host_of_the_list_is_asked(egress: HttpEgress, deployment: Deployment) -> None:
    """It resolves to nothing here: what matters is that it is not refused before."""
    with pytest.raises(UpstreamUnavailable):
        await egress.get(deployment, "https://api.eu2.bfl.invalid/1", KEY, ("*.bfl.invalid",))


async def test_an_answer_longer_than_it_may_be_is_refused(
    egress: HttpEgress, deployment: Deployment
) -> None:
    response = await egress.get(deployment, "/long", KEY)
    with pytest.raises(UpstreamBroken, match="more than 100 bytes"):
        await response.read(100)
    await response.close()


async def test_a_body_with_files_is_sent_to_the_last_byte(
    egress: HttpEgress, deployment: Deployment, vendor: Host, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcde")
    body = {"images": [{"url": Base64File(path, 5, "data:image/png;base64,")}], "n": 1}
    response = await egress.post_json(deployment, "/images", body, KEY)
    await response.close()
    (sent,) = vendor.received
    assert json.loads(sent.body) == {
        "images": [{"url": "data:image/png;base64,YWJjZGU="}],
        "n": 1,
    }


# Downloading -----------------------------------------------------------------------------------


async def test_an_image_of_the_own_origin_is_fetched_without_any_key(
    egress: HttpEgress, deployment: Deployment, vendor: Host, sink: FolderSink
) -> None:
    url = f"{vendor.base_url}/files/1.png"
    image = await egress.download(deployment, url, sink.writer())
    assert image.path.read_bytes() == IMAGE
    assert (vendor.received[0].path, image.byte_size) == ("/files/1.png", len(IMAGE))
    assert "authorization" not in vendor.received[0].headers


async def test_an_image_of_another_host_is_fetched_through_the_guard(
    egress: HttpEgress, deployment: Deployment, other: Host, sink: FolderSink
) -> None:
    image = await egress.download(deployment, f"{other.base_url}/1.png", sink.writer())
    assert image.path.read_bytes() == IMAGE
    assert other.received[0].headers["accept"] == "image/*"


async def test_an_image_of_an_internal_host_is_not_fetched(
    deployment: Deployment, other: Host, sink: FolderSink
) -> None:
    guarded = PublicFetcher(AddressGuard(), any_port=True)
    egress = HttpEgress(guarded)
    with pytest.raises(UpstreamBroken, match="public address"):
        await egress.download(deployment, f"{other.base_url}/1.png", sink.writer())
    await egress.close()
    await guarded.close()
    assert other.received == []
    assert sink.left == []


@pytest.mark.parametrize("fault", [Fault.BAD_GATEWAY, Fault.REDIRECT, Fault.CUT_BODY, Fault.RESET])
async def test_a_download_that_fails_leaves_no_file(
    egress: HttpEgress,
    deployment: Deployment,
    vendor: Host,
    other: Host,
    sink: FolderSink,
    fault: Fault,
) -> None:
    for host in (vendor, other):
        host.next(fault, times=5, location="http://127.0.0.1:9/")
        with pytest.raises(UpstreamBroken):
            await egress.download(deployment, f"{host.base_url}/1.png", sink.writer())
        assert sink.left == []


async def test_a_download_that_hangs_ends_with_the_time(
    egress: HttpEgress, deployment: Deployment, vendor: Host, sink: FolderSink
) -> None:
    vendor.next(Fault.HANG)
    impatient = replace(deployment, timeout_s=0.2)
    with pytest.raises(UpstreamTimeout):
        await egress.download(impatient, f"{vendor.base_url}/1.png", sink.writer())
    assert sink.left == []


async def test_a_download_where_nobody_listens_was_never_made(
    egress: HttpEgress, deployment: Deployment, sink: FolderSink
) -> None:
    with refusing_url() as url:
        closed = replace(deployment, base_url=url)
        with pytest.raises(UpstreamUnavailable):
            await egress.download(closed, f"{url}/1.png", sink.writer())
    assert sink.left == []


@pytest.mark.parametrize("url", ["data:image/png;base64,AAAA", "ftp://127.0.0.1/1", "", "1.png"])
async def test_what_is_no_web_address_is_not_fetched(
    egress: HttpEgress, deployment: Deployment, sink: FolderSink, url: str
) -> None:
    with pytest.raises(UpstreamBroken):
        await egress.download(deployment, url, sink.writer())
    assert sink.left == []
