"""Bombs that reach a worker: from upstream, under a mask, and many at once. Nobody else waits."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx2
import pytest

from tests.fakes.openai_faults import Plan
from tests.fakes.openai_refusals import Reply
from tests.fakes.openai_vendor import OpenAIVendor
from tests.fakes.recording import Received
from tests.hostile.bombs import BOMBS, flat_png, flat_webp, many_scans
from tests.server.client import GENERATE, PNG_PART, asking, client, part, refusal, send_form
from tests.support.running import Running, deployment

CHEAP = (part("prompt", "a hat"), part("model", "gpt-image-1.5"), part("quality", "low"))


class Bomber(OpenAIVendor):
    """A vendor that went astray: it answers with ``image``, when there is one."""

    image: bytes | None = None

    def decide(self, arrived: Received, problem: str) -> tuple[Reply, Plan]:
        reply, plan = super().decide(arrived, problem)
        if self.image is None or reply.status != 200:
            return reply, plan
        told = json.loads(b"".join(reply.chunks))
        told["data"] = [{"b64_json": base64.b64encode(self.image).decode()}]
        return replace(reply, chunks=(json.dumps(told).encode(),)), plan


@pytest.fixture(scope="module")
def bomber() -> Iterator[Bomber]:
    with Bomber() as vendor:
        yield vendor


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, bomber: Bomber) -> Iterator[Running]:
    """``gpt-image-2`` is drawn by the sandbox, ``gpt-image-1.5`` by the vendor."""
    folder = tmp_path_factory.mktemp("gateway")
    sandbox = {"id": "sandbox", "provider": "sandbox", "models": ["gpt-image-2"]}
    others = deployment(bomber, models=["gpt-image-1.5"])
    with Running(folder / "data", deployments=[sandbox, others]) as server:
        yield server


@pytest.fixture
def http(gateway: Running, bomber: Bomber) -> Iterator[httpx2.Client]:
    bomber.reset()
    bomber.image = None
    with client(gateway) as speaking:
        yield speaking


UNDECODABLE = [
    pytest.param(flat_png(8_000, 8_000), (8_000, 8_000), "25 million", id="pixels of a PNG"),
    pytest.param(flat_webp(4_500, 4_500), (4_500, 4_500), "17 million", id="pixels of a WebP"),
    pytest.param(BOMBS["png iCCP"](), (40, 24), "damaged", id="profile"),
]
"""What an upstream may be sent, since nothing of it is decoded here: file, size, what is wrong."""


@pytest.mark.parametrize(("bomb", "size", "said"), UNDECODABLE)
def test_what_lies_under_a_mask_is_decoded_before_anything_is_bought(
    bomb: bytes, size: tuple[int, int], said: str, http: httpx2.Client, bomber: Bomber
) -> None:
    image, mask = PNG_PART("image", bomb), PNG_PART("mask", flat_png(*size))
    error = refusal(send_form(http, *CHEAP, image, mask), 400)
    assert (error["code"], error["param"]) in (
        ("invalid_image", "image"),
        ("invalid_image", "mask"),
    )
    assert said in error["message"] or "25 million" in error["message"]
    assert bomber.received == []


def _mask(width: int, height: int) -> bytes:
    return flat_png(width, height)


@pytest.mark.parametrize(("bomb", "size", "said"), UNDECODABLE)
def test_the_sandbox_says_what_it_cannot_use(
    bomb: bytes, size: tuple[int, int], said: str, http: httpx2.Client
) -> None:
    fields = (part("prompt", "a hat"), part("model", "gpt-image-2"), part("quality", "low"))
    error = refusal(send_form(http, *fields, PNG_PART("image", bomb)), 400)
    assert error["code"] == "upstream_rejected"
    assert said in error["message"]


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (BOMBS["png 13k x 13k"], "13000x13000 pixels"),
        (lambda: flat_png(8_000, 8_000), "at most 25 million"),
        (BOMBS["jpeg 4096 x 4096, 2,000 scans"], "64 scans"),
        (lambda: flat_webp(5_000, 5_000), "the image"),
        (BOMBS["webp animated"], "animated"),
        (BOMBS["html"], "not a PNG"),
    ],
    ids=["pixels", "decoded pixels", "scans", "memory", "animated", "html"],
)
def test_a_bomb_from_upstream_costs_nothing_and_harms_nobody(
    image: Callable[[], bytes], said: str, http: httpx2.Client, bomber: Bomber
) -> None:
    """Each is of another size or format than asked, so that a worker has to look at it."""
    before = http.get("/v1/balance").json()["posted"]
    bomber.image = image()
    answer = http.post(GENERATE, json=asking(output_format="png", size="1024x1024"))
    assert answer.status_code == 502, answer.text[:400]
    job = http.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()
    assert said in json.dumps(job)
    assert http.get("/v1/balance").json()["posted"] == before
    bomber.image = None
    assert http.post(GENERATE, json=asking()).status_code == 200


def test_the_server_answers_while_bombs_are_decoded(http: httpx2.Client, gateway: Running) -> None:
    """Three at once: photos that are turned by their EXIF, each some work for a worker."""
    bomb = many_scans(2_500, 55, turned=True)
    answers: list[int] = []

    def send() -> None:
        with client(gateway) as other:
            other.timeout = 120
            sent = send_form(other, *CHEAP, PNG_PART("image", bomb))
            answers.append(sent.status_code)

    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    healthy = 0
    while any(sender.is_alive() for sender in senders):
        assert http.get("/healthz").status_code == 200
        healthy += 1
    for sender in senders:
        sender.join()
    assert healthy > 3
    # Too slow a machine may refuse them: that, too, is an answer.
    assert set(answers) <= {200, 400}
    assert len(answers) == 3
