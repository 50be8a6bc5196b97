"""The price of a request before it is sent: the same body, and nothing happens."""

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from darkroom.assets import MARK
from darkroom.core.money import credits
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import (
    EDIT,
    GENERATE,
    PNG_PART,
    asking,
    client,
    part,
    photo,
    refusal,
    send_form,
)
from tests.support.running import Running, deployment

QUOTE = "/v1/images/quote"
PROMPT = part("prompt", "make the hat red")
MODEL = part("model", "gpt-image-1.5")
IMAGE_LINES = ("image_in", "image_out")


def quoted(answer: httpx2.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert answer.json()["object"] == "quote"
    return answer.json()


def lines(found: dict[str, Any], which: str = "expected") -> dict[str, dict[str, Any]]:
    """The lines of a quote's only deployment, by category."""
    [offer] = found["deployments"]
    return {line["category"]: line for line in offer[which]["lines"]}


def image_nanos(of: dict[str, dict[str, Any]]) -> int:
    return sum(of[name]["nanos"] for name in IMAGE_LINES if name in of)


@contextmanager
def listening() -> Iterator[tuple[str, socket.socket]]:
    """The URL of a picture on a socket that nobody should connect to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/photo.png", listener


def files_below(folder: Path) -> list[Path]:
    """But for the mark of the store, which comes by itself."""
    return [path for path in folder.rglob("*") if path.is_file() and path.name != MARK]


# --- the same body --------------------------------------------------------------------------------


def test_a_generation_is_quoted_and_then_charged(http: httpx2.Client, vendor: OpenAIVendor) -> None:
    """Where the upstream counts as its tables say, the images cost what was expected."""
    body = asking("a lighthouse", n=2, size="1024x1536", output_format="webp", user="me")
    quote = quoted(http.post(QUOTE, json=body))
    assert vendor.received == []
    made = http.post(GENERATE, json=body)
    assert made.status_code == 200
    job = http.get(f"/v1/jobs/{made.headers['x-darkroom-job']}").json()
    charge = {line["category"]: line for line in job["charge"]["lines"]}
    assert charge["image_out"] == lines(quote)["image_out"]
    assert job["quote"]["expected"] == quote["expected"]
    assert job["quote"]["max"] == quote["max"]
    assert job["charge"]["nanos"] <= quote["max"]["nanos"]
    [offer] = quote["deployments"]
    assert sum(line["nanos"] for line in offer["expected"]["lines"]) == quote["expected"]["nanos"]
    assert sum(line["nanos"] for line in offer["max"]["lines"]) == quote["max"]["nanos"]
    assert (quote["model"], quote["operation"]) == ("gpt-image-1.5", "generation")
    assert (offer["deployment"], offer["price_sheet"], quote["cheapest"]) == (
        "openai",
        "openai",
        "openai",
    )


def test_an_edit_with_uploads_is_quoted_and_then_charged(
    http: httpx2.Client, vendor: OpenAIVendor
) -> None:
    parts = (
        *(PROMPT, MODEL, part("quality", "low"), part("size", "1024x1024")),
        PNG_PART("image[]", photo("a", width=600, height=300)),
        PNG_PART("image[]", photo("b", width=64, height=64)),
    )
    quote = quoted(send_form(http, *parts, path=QUOTE))
    assert (quote["operation"], quote["notes"]) == ("edit", [])
    assert vendor.received == []
    made = send_form(http, *parts, path=EDIT)
    assert made.status_code == 200
    job = http.get(f"/v1/jobs/{made.headers['x-darkroom-job']}").json()
    charge = {line["category"]: line for line in job["charge"]["lines"]}
    assert image_nanos(charge) == image_nanos(lines(quote)) > 0
    assert lines(quote)["image_in"]["quantity"] == charge["image_in"]["quantity"] > 0


def test_uploads_are_removed_whatever_comes(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    with (
        Running(tmp_path / "data", deployments=[deployment(openai_vendor)]) as gateway,
        client(gateway) as http,
    ):
        image, mask = PNG_PART("image", photo()), PNG_PART("mask", photo("m"))
        quoted(send_form(http, PROMPT, MODEL, image, path=QUOTE))
        for status, parts in (
            (400, (PROMPT, MODEL, image, mask, part("price_sheet", "nobody's"))),
            (400, (PROMPT, MODEL, image, PNG_PART("image[]", b"not an image"))),
            (400, (MODEL, image)),
            (404, (PROMPT, part("model", "no-such-model"), image)),
            (400, (PROMPT, MODEL, part("size", "1x1"), part("size_policy", "strict"), image)),
        ):
            refusal(send_form(http, *parts, path=QUOTE), status)
        assert files_below(tmp_path / "data" / "spool") == []
        assert files_below(tmp_path / "data" / "images") == []
        assert http.get("/v1/jobs").json()["data"] == []
        assert http.get("/v1/balance").json()["held"]["nanos"] == 0
    assert openai_vendor.received == []


def test_no_url_is_fetched(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    options = {"image_url_networks": ["127.0.0.0/8"], "deployments": [deployment(openai_vendor)]}
    with (
        Running(tmp_path / "data", **options) as gateway,
        client(gateway) as http,
        listening() as (url, listener),
    ):
        body = asking(size="1024x1024", images=[{"image_url": url}, {"image_url": url}])
        quote = quoted(http.post(QUOTE, json=body))
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert quote["operation"] == "edit"
    assert quote["notes"] == ["2 input image(s) not read yet: taken for 1024x1024."]
    assert lines(quote)["image_in"]["quantity"] > 0
    assert openai_vendor.received == []


def test_images_in_json_count_without_being_read(http: httpx2.Client) -> None:
    inline = "data:image/png;base64," + base64.b64encode(photo()).decode()
    none = quoted(http.post(QUOTE, json=asking(size="1024x1024")))
    one = quoted(http.post(QUOTE, json=asking(size="1024x1024", images=[{"image_url": inline}])))
    named = quoted(http.post(QUOTE, json=asking(size="1024x1024", images=[{"file_id": "file-x"}])))
    assert "image_in" not in lines(none)
    assert lines(one) == lines(named)
    assert one["expected"]["nanos"] > none["expected"]["nanos"]


def test_stored_images_are_quoted_as_they_are(http: httpx2.Client) -> None:
    """An upload, an earlier result and our own link: what is held is what was quoted."""
    file = http.post("/v1/files", files={"file": ("a.png", photo(), "image/png")}).json()["id"]
    made = http.post(GENERATE, json=asking(size="1536x1024", quality="low"))
    job = http.get(f"/v1/jobs/{made.headers['x-darkroom-job']}").json()
    result = next(asset for asset in job["assets"] if asset["kind"] == "result")
    for image in ({"file_id": file}, {"file_id": result["id"]}, {"image_url": result["url"]}):
        body = asking(size="1024x1024", quality="low", images=[image])
        quote = quoted(http.post(QUOTE, json=body))
        assert quote["notes"] == []
        edit = http.post(EDIT, json=body, headers={"prefer": "respond-async"})
        kept = http.get(f"/v1/jobs/{edit.headers['x-darkroom-job']}").json()["quote"]
        assert (kept["expected"], kept["max"]) == (quote["expected"], quote["max"])


# --- price sheets ---------------------------------------------------------------------------------


def test_the_evolink_sheet_gives_the_published_range(http: httpx2.Client) -> None:
    low = asking(size="1024x1024", price_sheet="evolink")
    cheapest = lines(quoted(http.post(QUOTE, json=low)))
    assert cheapest["image_out"]["credits"] == "0.53268"
    assert cheapest["image_out"]["nanos"] == image_nanos(cheapest) == 7_833_600
    high = {
        **asking(size="1024x1536", price_sheet="evolink"),
        "quality": "high",
        "images": [{"file_id": f"file-{number}"} for number in range(16)],
    }
    dearest = lines(quoted(http.post(QUOTE, json=high)))
    assert dearest["image_in"]["quantity"] == 16 * 1_536
    assert credits(image_nanos(dearest)) == "24.25283"


def test_a_sheet_changes_the_quote_and_not_the_charge(http: httpx2.Client) -> None:
    usual = quoted(http.post(QUOTE, json=asking(size="1024x1024")))
    assert {"openai", "evolink"} <= set(usual["price_sheets"])
    other = quoted(http.post(QUOTE, json=asking(size="1024x1024", price_sheet="evolink")))
    assert other["deployments"][0]["price_sheet"] == "evolink"
    assert other["expected"]["nanos"] < usual["expected"]["nanos"]
    error = refusal(http.post(GENERATE, json=asking(price_sheet="evolink")), 400)
    assert error["param"] == "price_sheet"


@pytest.mark.parametrize("sheet", ["nobody's", " openai", 5, 0, False, [], {}, ["openai"]])
def test_unknown_sheets(http: httpx2.Client, sheet: Any) -> None:
    error = refusal(http.post(QUOTE, json=asking(price_sheet=sheet)), 400)
    assert error["param"] == "price_sheet"
    assert "evolink" in error["message"]


@pytest.mark.parametrize("sheet", [None, ""])
def test_no_sheet_is_the_usual_one(http: httpx2.Client, sheet: str | None) -> None:
    quote = quoted(http.post(QUOTE, json=asking(size="1024x1024", price_sheet=sheet)))
    assert quote["deployments"][0]["price_sheet"] == "openai"


def test_a_model_without_a_price_is_never_free(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    unpriced = deployment(openai_vendor, price_sheet="evolink")
    with Running(tmp_path / "data", deployments=[unpriced]) as gateway, client(gateway) as http:
        body = asking(model="gpt-image-2", size="1024x1024")
        for path in (QUOTE, GENERATE):
            error = refusal(http.post(path, json=body), 402)
            assert error["code"] == "price_unknown"
            assert "gpt-image-2" in error["message"]
        assert http.get("/v1/jobs").json()["data"] == []
        by_another = {**body, "price_sheet": "openai"}
        assert quoted(http.post(QUOTE, json=by_another))["expected"]["nanos"] > 0
    assert openai_vendor.received == []


# --- ranges ---------------------------------------------------------------------------------------


def test_auto_gives_a_range(http: httpx2.Client) -> None:
    auto = quoted(http.post(QUOTE, json={"model": "gpt-image-1.5", "prompt": "a lighthouse"}))
    assert auto["expected"]["nanos"] < auto["max"]["nanos"]
    assert [note.partition(" ")[0] for note in auto["notes"]] == ["'size'", "'quality'"]
    dearest = asking("a lighthouse", size="1024x1536", quality="high")
    exact = quoted(http.post(QUOTE, json=dearest))
    assert exact["notes"] == []
    assert lines(auto, "max")["image_out"] == lines(exact, "max")["image_out"]
    assert lines(exact)["image_out"] == lines(exact, "max")["image_out"]


def test_a_bent_size_is_quoted_as_it_is_made(http: httpx2.Client) -> None:
    quote = quoted(http.post(QUOTE, json=asking(size="1792x1024")))
    [offer] = quote["deployments"]
    assert offer["size"] == "1536x1024"
    assert [warning["code"] for warning in offer["warnings"]] == ["size_fitted"]


# --- refusals -------------------------------------------------------------------------------------


def test_what_would_be_refused_has_no_price(http: httpx2.Client, shared: Running) -> None:
    refusal(http.post(QUOTE, json=asking(size="1x1")), 400)
    refusal(http.post(QUOTE, json=asking(n=99)), 400)
    refusal(http.post(QUOTE, json=asking(banana=1)), 400)
    refusal(http.post(QUOTE, json=asking(model="no-such-model")), 404)
    refusal(http.post(QUOTE, content=b"[]", headers={"content-type": "application/json"}), 400)
    refusal(http.get(QUOTE), 405)
    with client(shared, "") as nobody:
        refusal(nobody.post(QUOTE, json=asking()), 401)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/images", {"prompt": "x", "size": "1:1", "image_urls": ["https://a.example/b.png"]}),
        ("/evolink/v1/images", {"prompt": "x", "size": "1:1"}),
        ("/v2/images", {"prompt": "x", "gptImageParams": {"quality": "high"}}),
    ],
)
def test_the_bodies_of_every_dialect_are_quoted(
    http: httpx2.Client, path: str, body: dict[str, Any]
) -> None:
    body = {"model": "gpt-image-1.5", **body}
    quote = http.post(f"{path}/quote", json=body).json()
    assert quote["object"] == "quote", quote
    assert quote["operation"] == ("edit" if "image_urls" in body else "generation")
    task = http.post(
        path + ("/generate" if "v2" in path else "/generations"), json={**body, "x": 1}
    )
    assert task.status_code == 400  # the same body checks stand before both
    refused = http.post(f"{path}/quote", json={**body, "x": 1})
    assert refused.json() == task.json()
