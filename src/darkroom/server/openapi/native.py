"""Darkroom's own routes: jobs, money, keys, webhooks, sessions, health, pages."""

from typing import Any

from darkroom.core.errors import (
    BudgetExceeded,
    Forbidden,
    Gone,
    InsufficientBalance,
    InvalidImage,
    JobRunning,
    NotFound,
    RateLimited,
    Unauthorized,
)
from darkroom.server.openapi import bodies, shapes
from darkroom.server.openapi.operations import (
    BINARY,
    EVENTS,
    JSON,
    STREAM,
    Access,
    Group,
    Media,
    Operation,
    answered,
    images,
)

_HTML, _TEXT, _ZIP = "text/html", "text/plain", "application/zip"
_DOCUMENTS: dict[str, Any] = {"type": "object"}
_ENDPOINTS, _DELIVERIES = "/v1/webhooks/endpoints", "/v1/webhooks/deliveries"
_ENDPOINT, _DELIVERY = f"{_ENDPOINTS}/{{endpoint_id}}", f"{_DELIVERIES}/{{delivery_id}}"
_JOB, _KEY, _ACCOUNT = "/v1/jobs/{job_id}", "/v1/keys/{key_id}", "/v1/accounts/{name:path}"
_STORED: dict[int, Media] = {**images(), 304: {}}


def _get(path: str, summary: str, answer: Any, query: type | None = None) -> Operation:
    return Operation("GET", (path,), summary, answered(answer), query=query)


def _admin(
    method: str, path: str, summary: str, answer: Any, body: type | None = None, status: int = 200
) -> Operation:
    return Operation(
        method,
        (path,),
        summary,
        answered(answer, status),
        {} if body is None else {JSON: body},
        access=Access.ADMIN,
    )


_JOBS = (
    _get("/v1/jobs", "The account's jobs, newest first.", shapes.Jobs, bodies.Wanted),
    _get("/v1/jobs/counts", "How many jobs there are.", shapes.JobCounts, bodies.Since),
    _get(_JOB, "All that is known of a job.", shapes.Job),
    Operation(
        "DELETE",
        (_JOB,),
        "Removes its prompt and images; the charge stays.",
        answered(shapes.Deleted),
        errors=(JobRunning,),
    ),
    Operation("POST", (f"{_JOB}/cancel",), "Stops a job.", answered(shapes.Job)),
    Operation(
        "GET",
        (f"{_JOB}/events",),
        "What happens to it; 204 for who heard all.",
        {200: {EVENTS: STREAM}, 204: {}},
        query=bodies.Followed,
    ),
    Operation("GET", (f"{_JOB}/images.zip",), "Its images and its record.", {200: {_ZIP: BINARY}}),
    Operation(
        "POST",
        ("/v1/images.zip",),
        "The images of several jobs.",
        {200: {_ZIP: BINARY}},
        {JSON: bodies.SeveralJobs},
        errors=(NotFound,),
    ),
    Operation(
        "POST",
        ("/v1/reports",),
        "The HTML report of jobs.",
        {200: {_HTML: str}},
        {JSON: bodies.CreateReport},
        errors=(NotFound,),
    ),
)
_LINKS = (
    Operation(
        "GET",
        ("/assets/{name}",),
        "The bytes behind a link.",
        _STORED,
        query=bodies.Link,
        errors=(Gone,),
        access=Access.PUBLIC,
    ),
    Operation(
        "GET",
        ("/assets/{asset_id}/{edge}.webp",),
        "A small copy of an image.",
        {200: {"image/webp": BINARY}, 304: {}},
        query=bodies.Link,
        access=Access.PUBLIC,
        errors=(Gone, InvalidImage),
    ),
)
_MONEY = (
    Operation(
        "GET",
        ("/v1/usage",),
        "Jobs, images and charges by what is named.",
        answered(shapes.Usage),
        query=bodies.Grouped,
        errors=(NotFound,),
    ),
    Operation(
        "GET",
        ("/v1/balance",),
        "Posted, held, available; budgets.",
        answered(shapes.Balance),
        query=bodies.Owner,
        errors=(NotFound,),
    ),
    Operation(
        "GET",
        ("/v1/storage",),
        "Bytes that the account's images have, and may have.",
        answered(shapes.Storage),
        query=bodies.Owner,
        errors=(NotFound,),
    ),
    Operation(
        "GET",
        ("/v1/statement",),
        "Every booking.",
        {200: {JSON: shapes.Statement, "text/csv": str}},
        query=bodies.Booked,
        errors=(NotFound,),
    ),
    Operation(
        "GET",
        ("/v1/drift",),
        "Quoted against charged against cost.",
        answered(shapes.Statement),
        query=bodies.Invoiced,
        errors=(NotFound,),
        access=Access.ADMIN,
    ),
)
_ADMINISTRATION = (
    _admin("GET", "/v1/keys", "Every API key.", shapes.Keys),
    _admin("POST", "/v1/keys", "Makes a key.", shapes.NewKey, bodies.CreateKey, 201),
    _admin("PATCH", _KEY, "Changes what is named.", shapes.Key, bodies.ChangeKey),
    _admin("DELETE", _KEY, "Revokes a key.", shapes.Key),
    _admin("GET", "/v1/accounts", "Every account.", shapes.Accounts),
    _admin("PATCH", _ACCOUNT, "Changes an account.", shapes.Account, bodies.ChangeAccount),
    Operation(
        "POST",
        (f"{_ACCOUNT}/top-ups",),
        "Adds money; 200 when that was booked before.",
        {**answered(shapes.TopUp), **answered(shapes.TopUp, 201)},
        {JSON: bodies.CreateTopUp},
        access=Access.ADMIN,
    ),
    Operation(
        "POST",
        (f"{_JOB}/refunds",),
        "Gives money back; 200 when that was booked before.",
        {**answered(shapes.Refund), **answered(shapes.Refund, 201)},
        {JSON: bodies.CreateRefund},
        errors=(InsufficientBalance, BudgetExceeded),
        access=Access.ADMIN,
    ),
    _admin("GET", "/v1/deployments", "Where requests go.", shapes.Deployments),
    _admin("POST", "/v1/deployments/reload", "Reads them again.", shapes.Deployments),
    _admin(
        "POST",
        "/v1/deployments/{deployment_id}/check",
        "Asks the vendor, at no cost.",
        shapes.DeploymentCheck,
    ),
)
_SESSIONS = (
    Operation(
        "POST",
        ("/v1/session",),
        "Signs a browser in, by a link's token or a key.",
        answered(shapes.Session, 201),
        {JSON: bodies.SignIn},
        errors=(Unauthorized, Forbidden, RateLimited),
        access=Access.PUBLIC,
    ),
    _get("/v1/session", "Who is signed in.", shapes.Session),
    Operation(
        "DELETE",
        ("/v1/session",),
        "Signs out.",
        answered(shapes.SignedOut),
        errors=(Forbidden,),
        access=Access.PUBLIC,
    ),
    Operation(
        "POST",
        ("/v1/sign-in-links",),
        "An address that signs in once.",
        answered(shapes.SignInLink, 201),
        {JSON: bodies.CreateLink},
        errors=(NotFound,),
    ),
)
_WEBHOOKS = (
    Operation(
        "POST",
        (_ENDPOINTS,),
        "Makes an endpoint.",
        answered(shapes.NewEndpoint, 201),
        {JSON: bodies.CreateEndpoint},
    ),
    _get(_ENDPOINTS, "The account's endpoints.", shapes.Endpoints),
    _get(_ENDPOINT, "One endpoint.", shapes.Endpoint),
    Operation(
        "PATCH",
        (_ENDPOINT,),
        "Changes what is named.",
        answered(shapes.Endpoint),
        {JSON: bodies.ChangeEndpoint},
    ),
    Operation("DELETE", (_ENDPOINT,), "Removes it.", answered(shapes.Deleted)),
    _get(f"{_ENDPOINT}/secret", "What signs its deliveries.", shapes.WebhookSecret),
    *(
        Operation(
            "POST",
            (f"{path}/rotate",),
            "Makes a new secret.",
            answered(shapes.WebhookSecret),
            {JSON: bodies.RotateSecret},
            body_required=False,
        )
        for path in (_ENDPOINT, "/v1/webhooks/secret")
    ),
    Operation("POST", (f"{_ENDPOINT}/test",), "Sends a test.", answered(shapes.Delivery, 202)),
    _get("/v1/webhooks/secret", "What signs callbacks.", shapes.WebhookSecret),
    _get(_DELIVERIES, "Deliveries, newest first.", shapes.Deliveries, bodies.Sent),
    _get(_DELIVERY, "One delivery with its attempts.", shapes.Delivery),
    Operation(
        "POST", (f"{_DELIVERY}/redeliver",), "Sends it again.", answered(shapes.Delivery, 202)
    ),
)
_REFUSED: dict[int, Media] = {status: {JSON: _DOCUMENTS} for status in (400, 406, 415)}
_SERVER = (
    Operation(
        "GET",
        ("/healthz",),
        "The process answers.",
        answered(shapes.Alive),
        access=Access.PUBLIC,
    ),
    Operation(
        "GET",
        ("/readyz",),
        "It can do its work.",
        {200: {JSON: shapes.Ready}, 503: {JSON: shapes.Ready}},
        access=Access.PUBLIC,
    ),
    Operation(
        "GET",
        ("/metrics",),
        "Figures for Prometheus; without a key on this machine alone.",
        {200: {_TEXT: str, "application/openmetrics-text": str}},
        errors=(NotFound,),
        access=Access.ADMIN,
    ),
    Operation(
        "POST",
        ("/mcp",),
        "The tools for agents.",
        {200: {JSON: _DOCUMENTS, EVENTS: STREAM}, 202: {}, **_REFUSED},
        {JSON: _DOCUMENTS},
        errors=(NotFound,),
    ),
    *(
        Operation("GET", (path,), summary, {200: {media: str}}, access=Access.PUBLIC)
        for path, summary, media in (
            ("/llms.txt", "This server, for language models.", _TEXT),
            ("/llms-full.txt", "The same in full.", _TEXT),
            ("/", "The playground.", _HTML),
        )
    ),
    Operation(
        "GET",
        ("/static/{name:path}",),
        "What its pages are made of.",
        {
            200: dict.fromkeys((_HTML, "text/css", "text/javascript", "image/svg+xml"), str),
            304: {},
        },
        access=Access.PUBLIC,
    ),
    Operation(
        "GET",
        ("/openapi.json",),
        "Which documents there are.",
        answered(shapes.Documents),
        access=Access.PUBLIC,
    ),
    Operation(
        "GET",
        ("/openapi/{name}.json",),
        "One of them.",
        {200: {JSON: _DOCUMENTS}},
        access=Access.PUBLIC,
    ),
)

DARKROOM = Group(
    "darkroom",
    "Darkroom: jobs, money, keys, webhooks and the server itself",
    "openai",
    shapes.OpenAIError,
    (*_JOBS, *_LINKS, *_MONEY, *_ADMINISTRATION, *_SESSIONS, *_WEBHOOKS, *_SERVER),
)
