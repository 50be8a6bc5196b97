"""Every example runs as it stands, against a server with the sandbox."""

import ast
import csv
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from darkroom_client import Client, Money
from tests.fakes.pictures import Look, picture
from tests.support.pictures import size_of
from tests.support.process import until
from tests.support.running import Running

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NOTEBOOK = EXAMPLES / "notebook.ipynb"
LINES_MAX = 80
RUN_S = 30
TOTAL = re.compile(r"total \$([0-9.]+)")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The sandbox alone; its webhooks may reach this machine."""
    data = tmp_path_factory.mktemp("server")
    with Running(data, webhook_allow_local=True) as server:
        yield server


@pytest.fixture
def client(server: Running) -> Iterator[Client]:
    with Client(server.url, server.key) as client:
        yield client


def environment(server: Running, key: str | None = None) -> Mapping[str, str]:
    """The two variables, and what every program needs."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **kept,
        "DARKROOM_BASE_URL": server.url,
        "DARKROOM_API_KEY": key or server.key,
        "PYTHONWARNINGS": "error",
        "PYTHONUTF8": "1",
    }


def run(
    server: Running, folder: Path, name: str, *options: str, key: str | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / name), *options]
    return subprocess.run(  # noqa: S603 - our own program
        command,
        cwd=folder,
        env=environment(server, key),
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )


def told_by(ended: subprocess.CompletedProcess[str]) -> str:
    """What an example that went well has printed."""
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def total_in(told: str) -> Money:
    found = TOTAL.search(told)
    assert found, told
    return Money.dollars(found[1])


def charged_since(client: Client, before: Money) -> Money:
    return Money(spent(client).nanos - before.nanos)


def spent(client: Client) -> Money:
    return client.billing.usage().charged


def sizes_in(folder: Path) -> dict[str, str]:
    """Every picture of a folder with its size, ``{"a.png": "64x64"}``."""
    pictures = [path for path in folder.iterdir() if path.suffix in (".png", ".jpg")]
    return {path.name: str(size_of(path)) for path in pictures}


def test_the_catalogue_has_every_product_in_every_size(
    server: Running, client: Client, tmp_path: Path
) -> None:
    before = spent(client)
    told = told_by(run(server, tmp_path, "catalogue.py"))
    sizes = {"tile": "1024x1024", "banner": "1536x1024", "story": "1024x1536"}
    products = ("mug-01", "tent-02")
    assert sizes_in(tmp_path / "out") == {
        f"{product}-{name}.png": size for product in products for name, size in sizes.items()
    }
    with (tmp_path / "out/costs.csv").open(encoding="utf-8", newline="") as file:
        costs = [Money.dollars(row["usd"]) for row in csv.DictReader(file)]
    assert len(costs) == 6
    assert sum(costs, Money(0)) == total_in(told) == charged_since(client, before)
    assert told_by(run(server, tmp_path, "catalogue.py")) == told
    assert charged_since(client, before) == total_in(told), "the second run bought again"


def test_a_refused_product_does_not_stop_the_catalogue(server: Running, tmp_path: Path) -> None:
    products = tmp_path / "products.csv"
    products.write_text("sku,name,description\na,A,a mug [[refuse]]\nb,B,a lamp\n", "utf-8")
    ended = run(server, tmp_path, "catalogue.py", "made", "--products", str(products))
    assert ended.returncode == 1
    assert "a tile: The sandbox refused" in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("3 pictures were not made and cost nothing")
    assert set(sizes_in(tmp_path / "made")) == {"b-tile.png", "b-banner.png", "b-story.png"}


def test_the_chain_knows_what_each_picture_was_made_from(
    server: Running, client: Client, tmp_path: Path
) -> None:
    told = told_by(run(server, tmp_path, "refinement_chain.py"))
    assert sizes_in(tmp_path / "out") == {f"step-{n}.png": "1024x1024" for n in (1, 2, 3)}
    chain = json.loads((tmp_path / "out/lineage.json").read_text(encoding="utf-8"))
    jobs = [step["job"] for step in chain]
    assert [step["made_from"] for step in chain] == [None, *jobs[:-1]]
    assert [client.jobs.get(job).operation for job in jobs] == ["generation", "edit", "edit"]
    assert sum((Money.dollars(step["usd"]) for step in chain), Money(0)) == total_in(told)


def test_a_chain_that_is_refused_keeps_what_was_made(server: Running, tmp_path: Path) -> None:
    ended = run(server, tmp_path, "refinement_chain.py", "--step", "at night [[refuse]]")
    assert ended.returncode == 1
    assert ended.stderr.startswith("The chain ends here: The sandbox refused")
    assert sizes_in(tmp_path / "out") == {"step-1.png": "1024x1024"}
    (step,) = json.loads((tmp_path / "out/lineage.json").read_text(encoding="utf-8"))
    assert step["file"] == "step-1.png"


def test_the_product_is_cut_out(server: Running, client: Client, tmp_path: Path) -> None:
    before = spent(client)
    told = told_by(run(server, tmp_path, "transparent_product.py"))
    out = tmp_path / "out"
    assert sizes_in(out) == {"product.png": "1024x1024", "product-in-shop.jpg": "1024x1024"}
    with Image.open(out / "product.png") as cutout:
        alpha = cutout.getchannel("A")
        assert (alpha.getpixel((0, 0)), alpha.getextrema()) == (0, (0, 255))
    with Image.open(out / "product-in-shop.jpg") as placed:
        corner = placed.convert("RGB").getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert all(abs(a - b) < 4 for a, b in zip(corner, (0xF4, 0xE9, 0xD8), strict=True))
    assert re.search(r"product.png: \d\d% transparent", told)
    assert total_in(told) == charged_since(client, before) > Money(0)


def test_the_brands_style_comes_from_references(
    server: Running, client: Client, tmp_path: Path
) -> None:
    before = spent(client)
    told = told_by(run(server, tmp_path, "brand_style.py", "first"))
    first = tmp_path / "first"
    references = {f"reference-{n}.png": "1024x1024" for n in (1, 2)}
    made = {f"brand-{name}.png": "1024x1536" for name in ("bicycle", "cafe")}
    assert sizes_in(first) == references | made
    assert total_in(told) == charged_since(client, before)
    job, *_ = client.jobs.list(limit=1).jobs
    assert len([asset for asset in job.assets if asset.kind == "input"]) == 2


def test_a_brands_own_references_are_used(server: Running, client: Client, tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(picture("png", Look(64, 48)))
    told = told_by(run(server, tmp_path, "brand_style.py", "--reference", "logo.png"))
    assert "1 reference, about $" in told
    assert set(sizes_in(tmp_path / "out")) == {"brand-bicycle.png", "brand-cafe.png"}
    job, *_ = client.jobs.list(limit=1).jobs
    assert [asset.width for asset in job.assets if asset.kind == "input"] == [64]


def test_the_lesson_makes_a_report(server: Running, client: Client, tmp_path: Path) -> None:
    before = spent(client)
    told = told_by(run(server, tmp_path, "lesson.py"))
    sizes = ("1024x1024", "1792x1024", "1024x1792")
    assert sizes_in(tmp_path / "out") == {f"{size}.png": size for size in sizes}
    assert "'gpt-image-1.5' does not make 1792x1024" in told
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert page.count('<img src="data:image/png;base64,') == 3
    assert "Light: early morning, low sun" in page
    charges = [Money.dollars(usd) for usd in re.findall(r"<td>\$([0-9.]+)</td>", page)]
    total = total_in(told)
    assert len(charges) == 3
    assert sum(charges, Money(0)) == total == charged_since(client, before)
    assert f"<th>{total}</th>" in page


def test_the_openai_client_is_told_the_charge(
    server: Running, client: Client, tmp_path: Path
) -> None:
    told = told_by(run(server, tmp_path, "openai_sdk.py"))
    names = ("bicycle.png", "bicycle-night.png")
    assert sizes_in(tmp_path / "out") == dict.fromkeys(names, "1536x1024")
    said = dict(line.split(": ", 1) for line in told.splitlines()[:-1])
    job = client.jobs.get(said["job"])
    assert job.charge == Money.dollars(said["charge-usd"])
    assert said["route"] == "sandbox=succeeded"
    assert f"the first for ${said['charge-usd']}" in told


@pytest.mark.parametrize("name", ["transparent_product", "lesson", "openai_sdk"])
def test_a_refused_prompt_is_a_message_and_an_exit_code(
    server: Running, tmp_path: Path, name: str
) -> None:
    ended = run(server, tmp_path, f"{name}.py", "--prompt", "a fox [[refuse]]")
    assert ended.returncode == 1
    assert "The sandbox refused this input" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.rglob("*.png"))


@pytest.mark.parametrize("name", ["brand_style.py", "web_app_with_webhooks/app.py"])
def test_a_wrong_key_is_a_message_and_an_exit_code(
    server: Running, tmp_path: Path, name: str
) -> None:
    ended = run(server, tmp_path, name, key="dk_wrong")
    assert ended.returncode == 1
    assert "Incorrect API key" in ended.stderr
    assert "Traceback" not in ended.stderr


class WebApp:
    """The web app in a process of its own, and a browser without windows."""

    def __init__(self, server: Running, folder: Path) -> None:
        command = [sys.executable, str(EXAMPLES / "web_app_with_webhooks/app.py"), "--port", "0"]
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            command, cwd=folder, env=environment(server), stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().removeprefix("Open ").strip()
        self.browser = httpx2.Client(base_url=self.url, follow_redirects=True, timeout=RUN_S)

    def close(self) -> None:
        self.browser.close()
        self.process.terminate()
        self.process.communicate(timeout=RUN_S)

    def ask(self, prompt: str) -> str:
        """What the page shows in the end."""
        answer = self.browser.post("/", data={"prompt": prompt})
        assert answer.status_code == 200
        page = str(answer.url)
        until(lambda: "refresh" not in self.browser.get(page).headers, "the webhook")
        return self.browser.get(page).text


@pytest.fixture
def web_app(server: Running, tmp_path: Path) -> Iterator[WebApp]:
    app = WebApp(server, tmp_path)
    yield app
    app.close()


def test_the_web_app_shows_what_the_webhooks_tell(
    client: Client, web_app: WebApp, tmp_path: Path
) -> None:
    assert "<form" in web_app.browser.get("/").text

    shown = web_app.ask("a lighthouse at dusk")
    source = re.search(r'<img src="(/pictures/[^"]+)"', shown)
    assert source, shown
    sent = web_app.browser.get(source[1])
    assert sent.headers["content-type"] == "image/png"
    assert sent.content == (tmp_path / "out" / Path(source[1]).name).read_bytes()
    job = client.jobs.get(Path(source[1]).stem)
    assert f"<p>{job.charge}</p>" in shown

    assert "The sandbox refused this input" in web_app.ask("a lighthouse [[refuse]]")

    forged: dict[str, Any] = {"data": {"job": job.id}}
    headers = {"webhook-id": "1", "webhook-timestamp": str(int(time.time()))}
    headers["webhook-signature"] = "v1,AAAA"
    refused = web_app.browser.post("/hooks", json=forged, headers=headers)
    assert (refused.status_code, refused.text) == (
        400,
        "The delivery was signed with another secret.",
    )


def cells(kind: str) -> list[str]:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == kind]


def shown_by(cell: str, names: dict[str, Any]) -> object:
    """Run a cell as Jupyter does: what it ends with, if that is an expression."""
    tree = ast.parse(cell)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(NOTEBOOK), "exec"), names)  # noqa: S102 - our own notebook
    if not isinstance(last, ast.Expr):
        return None
    value = compile(ast.Expression(last.value), str(NOTEBOOK), "eval")
    return eval(value, names)  # noqa: S307 - our own notebook


def test_the_notebook_runs_from_top_to_bottom(
    server: Running,
    client: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DARKROOM_BASE_URL", server.url)
    monkeypatch.setenv("DARKROOM_API_KEY", server.key)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "notebook_under_test", sys)  # where its classes say to be
    before = spent(client)
    names: dict[str, Any] = {"__name__": "notebook_under_test"}
    shown = [shown_by(cell, names) for cell in cells("code")]

    grids = [one._repr_html_() for one in shown if hasattr(one, "_repr_html_")]  # pyright: ignore[reportAttributeAccessIssue]
    assert [grid.count("<img ") for grid in grids] == [2, 4]
    assert any(hasattr(one, "_repr_mimebundle_") for one in shown)
    names_made = ("bicycles-1.png", "bicycles-2.png", "low.png", "medium.png")
    assert sizes_in(tmp_path / "out") == dict.fromkeys(names_made, "1024x1024")
    total = total_in(capsys.readouterr().out)
    assert total == charged_since(client, before)
    assert f"Total {total}" in grids[-1]


def test_the_notebook_is_kept_without_outputs() -> None:
    said = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    code = [cell for cell in said["cells"] if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert len({cell["id"] for cell in said["cells"]}) == len(said["cells"])
    assert said["nbformat"] == 4


def test_every_example_is_short_and_in_the_table() -> None:
    table = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    sources = {path: path.read_text(encoding="utf-8") for path in EXAMPLES.rglob("*.py")}
    long = [path.name for path, text in sources.items() if len(text.splitlines()) > LINES_MAX]
    assert not long
    shown = [path for path in EXAMPLES.iterdir() if path.suffix in (".py", ".ipynb", ".csv")]
    assert len(shown) >= 8
    assert [path.name for path in shown if f"]({path.name})" not in table] == []
    assert "](web_app_with_webhooks/app.py)" in table
