"""The pages of the app: ask for a picture, be told by a signed webhook, show what came."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from pathlib import Path
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from darkroom_client import APIError, AsyncClient, WebhookVerificationError, verify_webhook

PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")


def page(content: str, status: int = 200, *, again: bool = False) -> Response:
    headers = {"refresh": "1"} if again else {}
    return HTMLResponse(PAGE.replace("{content}", content), status, headers)


def studio(url: str, secret: str, out: Path) -> Starlette:
    """The app. ``url`` is where Darkroom reaches it, ``secret`` what it signs with."""
    client = AsyncClient()
    ended: dict[str, str] = {}  # what to show of each job, once the webhook has come

    async def home(request: Request) -> Response:
        return page("")

    async def ask(request: Request) -> Response:
        prompt = parse_qs((await request.body()).decode()).get("prompt", [""])[0]
        hook_url = f"{url}/hooks"
        try:
            job = await client.submit(prompt, quality="low", callback_url=hook_url)
        except APIError as error:
            return page(escape(str(error)), 400)
        return RedirectResponse(f"/jobs/{job.id}", 303)

    async def show(request: Request) -> Response:
        shown = ended.get(request.path_params["job"])
        return page(shown or "In the works …", again=shown is None)

    async def hook(request: Request) -> Response:
        body = await request.body()  # the bytes as they came: those are signed
        try:
            verify_webhook(body, request.headers, secret)
        except WebhookVerificationError as error:
            return Response(str(error), 400)
        told = BackgroundTask(fetch, json.loads(body)["data"]["job"])
        return Response(status_code=204, background=told)  # answer first: Darkroom waits 10 s

    async def fetch(job: str) -> None:
        """A delivery may come twice: the second one changes nothing."""
        try:
            result = await client.jobs.wait(job)
        except APIError as error:  # refused, failed or canceled
            ended[job] = escape(str(error))
        else:
            (path,) = result.save_all(out, job)
            ended[job] = f'<img src="/pictures/{path.name}" alt=""><p>{result.cost}</p>'

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    routes = [
        Route("/", home),
        Route("/", ask, methods=["POST"]),
        Route("/jobs/{job}", show),
        Route("/hooks", hook, methods=["POST"]),
        Mount("/pictures", StaticFiles(directory=out)),
    ]
    return Starlette(routes=routes, lifespan=life)
