"""The snippets of Apiframe's model page, run as they stand there but for the host, the key and the
input image: with curl, with Python's requests, and with JavaScript's fetch."""

import io
import json
import os
import shutil
import subprocess
from contextlib import redirect_stdout
from typing import Any

import pytest

from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import PNG_PART, client, photo, send_form
from tests.support.running import Running

HOST, KEY = "https://api.apiframe.ai", "afk_your_api_key_here"
IMAGE, JOB_ID = "https://example.com/input.jpg", "JOB_ID"

CURL_SUBMIT = r"""
curl -X POST https://api.apiframe.ai/v2/images/generate \
  -H "X-API-Key: afk_your_api_key_here" \
  -H "Content-Type: application/json" \
  -d '{
        "prompt": "a sleek silver sports car on a coastal highway at sunset, hyper-realistic",
        "model": "gpt-image-1.5",
        "gptImageParams": {
            "input_images": "https://example.com/input.jpg",
            "quality": "auto",
            "background": "auto",
            "number_of_images": 1
        }
    }'
"""
CURL_POLL = r"""
curl https://api.apiframe.ai/v2/jobs/JOB_ID \
  -H "X-API-Key: afk_your_api_key_here"
"""
PYTHON_SUBMIT = """
import requests

response = requests.post(
    "https://api.apiframe.ai/v2/images/generate",
    headers={
        "X-API-Key": "afk_your_api_key_here",
        "Content-Type": "application/json",
    },
    json={
        "prompt": "a sleek silver sports car on a coastal highway at sunset, hyper-realistic",
        "model": "gpt-image-1.5",
        "gptImageParams": {
            "input_images": "https://example.com/input.jpg",
            "quality": "auto",
            "background": "auto",
            "number_of_images": 1
        }
    },
)
print(response.json())  # { "jobId": "...", "status": "QUEUED" }
"""
PYTHON_POLL = """
import requests, time

while True:
    job = requests.get(
        "https://api.apiframe.ai/v2/jobs/JOB_ID",
        headers={"X-API-Key": "afk_your_api_key_here"},
    ).json()
    if job["status"] in ("COMPLETED", "FAILED"):
        break
    time.sleep(2)
print(job["result"])
"""
JAVASCRIPT_SUBMIT = """
const response = await fetch("https://api.apiframe.ai/v2/images/generate", {
  method: "POST",
  headers: {
    "X-API-Key": "afk_your_api_key_here",
    "Content-Type": "application/json",
  },
  body: JSON.stringify({
    "prompt": "a sleek silver sports car on a coastal highway at sunset, hyper-realistic",
    "model": "gpt-image-1.5",
    "gptImageParams": {
      "input_images": "https://example.com/input.jpg",
      "quality": "auto",
      "background": "auto",
      "number_of_images": 1
    }
  }),
});
const { jobId } = await response.json();
console.log(jobId);
"""
JAVASCRIPT_POLL = """
let job;
do {
  await new Promise((r) => setTimeout(r, 2000));
  job = await fetch("https://api.apiframe.ai/v2/jobs/JOB_ID", {
    headers: { "X-API-Key": "afk_your_api_key_here" },
  }).then((r) => r.json());
} while (job.status !== "COMPLETED" && job.status !== "FAILED");
console.log(job.result);
"""


class Page:
    """The snippets as a customer of ``gateway`` has them."""

    def __init__(self, gateway: Running, vendor: OpenAIVendor) -> None:
        self._vendor = vendor
        with client(gateway) as http:
            upload = send_form(http, PNG_PART("file", photo()), path="/v2/uploads").json()
        self._changes = {HOST: gateway.url, KEY: gateway.key, IMAGE: upload["url"]}
        self._gateway = gateway

    def snippet(self, text: str, job_id: str = "") -> str:
        for old, new in {**self._changes, JOB_ID: job_id}.items():
            text = text.replace(old, new)
        return text

    def ended(self, job_id: str) -> None:
        """Wait for the end of the job, so that its snippet has no reason to sleep."""
        with client(self._gateway) as http:
            while http.get(f"/v2/jobs/{job_id}").json()["status"] != "COMPLETED":
                pass

    def check(self, images: list[str]) -> None:
        """One picture, made once, from the one that was sent."""
        [url] = images
        with client(self._gateway, "") as http:
            assert http.get(url).headers["content-type"] == "image/png"
        [bought] = self._vendor.received
        assert bought.path.endswith("/images/edits")
        assert len(bought.files) == 1


@pytest.fixture
def page(shared: Running, vendor: OpenAIVendor) -> Page:
    return Page(shared, vendor)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own
    assert done.returncode == 0, done.stderr
    return done.stdout


def tool(name: str) -> str:
    """The path of a program; without it: a skip, but not in CI."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is missing")
        pytest.skip(f"{name} is missing")
    return found


def test_curl(page: Page) -> None:
    shell, _ = tool("sh"), tool("curl")
    accepted = json.loads(run(shell, "-c", page.snippet(CURL_SUBMIT)))
    assert accepted["status"] in ("QUEUED", "PROCESSING", "COMPLETED")
    page.ended(accepted["jobId"])
    job = json.loads(run(shell, "-c", page.snippet(CURL_POLL, accepted["jobId"])))
    assert job["status"] == "COMPLETED"
    page.check(job["result"]["images"])


def test_python(page: Page) -> None:
    accepted = told_by(page.snippet(PYTHON_SUBMIT))
    page.ended(accepted["jobId"])
    page.check(told_by(page.snippet(PYTHON_POLL, accepted["jobId"]))["images"])


def told_by(source: str) -> Any:
    """What a Python snippet prints, as the value that it is the text of."""
    said = io.StringIO()
    with redirect_stdout(said):
        exec(compile(source, "snippet", "exec"), {})  # noqa: S102 - our own
    return eval(said.getvalue())  # noqa: S307 - our own


def test_javascript(page: Page) -> None:
    node = tool("node")
    run_module = (node, "--input-type=module", "-e")
    job_id = run(*run_module, page.snippet(JAVASCRIPT_SUBMIT)).strip()
    page.ended(job_id)
    job = run(*run_module, page.snippet(JAVASCRIPT_POLL, job_id))
    page.check([line.strip(" '") for line in job.splitlines() if "http" in line])
