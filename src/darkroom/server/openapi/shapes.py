"""What answers look like: the keys that are always there, as types. More may come with them."""

from typing import Any, Literal, NotRequired, TypedDict

from darkroom.core.errors import ErrorRecord
from darkroom.core.warning import Warning

# --- errors -------------------------------------------------------------------------------------


class OpenAIProblem(TypedDict):
    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIError(TypedDict):
    error: OpenAIProblem


class EvoLinkProblem(TypedDict):
    code: str
    message: str
    type: str
    param: NotRequired[str]
    fallback_suggestion: NotRequired[str]


class EvoLinkError(TypedDict):
    error: EvoLinkProblem


class ApiframeError(TypedDict):
    error: str
    details: NotRequired[dict[str, list[str]]]


# --- money --------------------------------------------------------------------------------------


class Money(TypedDict):
    nanos: int
    usd: str


class Amounts(TypedDict):
    total_usd: str | None
    day_usd: str | None
    month_usd: str | None


class Balance(TypedDict):
    object: Literal["balance"]
    account: str


class StoredKind(TypedDict):
    images: int
    bytes: int


class Storage(TypedDict):
    object: Literal["storage"]
    account: str
    used_bytes: int
    limit_bytes: int | None
    retention_days: int | None
    kinds: dict[str, StoredKind]


class Usage(TypedDict):
    object: Literal["usage"]
    account: str
    by: list[str]


class Statement(TypedDict):
    object: str
    account: str


class Quote(TypedDict):
    object: Literal["quote"]
    model: str
    operation: str
    expected: Money
    max: Money
    deployments: list[dict[str, Any]]


class Account(TypedDict):
    id: str
    object: Literal["account"]
    name: str


class Accounts(TypedDict):
    object: Literal["list"]
    data: list[Account]


class TopUp(TypedDict):
    object: Literal["top_up"]
    account: str
    amount: Money
    booked: bool


class Refund(TypedDict):
    object: Literal["refund"]
    job: str
    amount: Money
    booked: bool


# --- jobs and files -----------------------------------------------------------------------------


class Asset(TypedDict):
    id: str
    object: Literal["asset"]
    kind: str
    position: int
    media_type: str
    width: int
    height: int
    byte_size: int
    sha256: str
    url: str
    thumbnail_url: str | None
    preview_url: str | None


class Job(TypedDict):
    id: str
    object: Literal["job"]
    state: Literal["queued", "running", "succeeded", "failed", "canceled"]
    operation: Literal["generation", "edit"]
    dialect: str
    model: str
    served_model: str | None
    deployment: str | None
    request: dict[str, Any]
    warnings: list[Warning]
    error: ErrorRecord | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    images_removed_at: str | None
    parents: list[str]
    children: int
    assets: list[Asset]


class Jobs(TypedDict):
    object: Literal["list"]
    data: list[Job]
    has_more: bool
    next_cursor: str | None


class JobCounts(TypedDict):
    object: Literal["job_counts"]
    since: str
    queued: int
    running: int
    succeeded: int
    failed: int
    canceled: int
    total: int


class File(TypedDict):
    id: str
    object: Literal["file"]
    bytes: int
    created_at: int
    expires_at: int | None
    filename: str
    purpose: str


class Files(TypedDict):
    object: Literal["list"]
    data: list[File]
    first_id: str | None
    last_id: str | None
    has_more: bool


class Deleted(TypedDict):
    id: str
    object: str
    deleted: Literal[True]


class Model(TypedDict):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    darkroom: dict[str, Any]


class Models(TypedDict):
    object: Literal["list"]
    data: list[Model]


class Images(TypedDict):
    created: int
    data: list[dict[str, Any]]


class Task(TypedDict):
    id: str
    object: Literal["image.generation.task"]
    model: str
    status: Literal["pending", "processing", "completed", "failed"]
    progress: int
    created: int
    type: Literal["image"]
    results: NotRequired[list[str]]


class Response(TypedDict):
    id: str
    object: Literal["response"]
    status: str
    output: list[dict[str, Any]]


class InputItems(TypedDict):
    object: Literal["list"]
    data: list[dict[str, Any]]
    first_id: str
    last_id: str
    has_more: bool


# --- keys, sessions, webhooks -------------------------------------------------------------------


class Key(TypedDict):
    id: str
    object: Literal["api_key"]
    name: str
    account: str
    hint: str
    scopes: list[str]
    dialect: str
    policy: dict[str, Any]
    limits: dict[str, int | None]
    budget: Amounts
    used: Amounts
    created_at: str
    expires_at: str | None
    revoked_at: str | None


class NewKey(Key):
    key: str


class Keys(TypedDict):
    object: Literal["list"]
    data: list[Key]


class Session(TypedDict):
    object: Literal["session"]
    id: str | None
    role: Literal["admin", "user"]
    key: dict[str, Any]
    account: dict[str, str]
    expires_at: str | None
    idle_expires_at: str | None


class SignedOut(TypedDict):
    object: Literal["session"]
    signed_out: Literal[True]


class SignInLink(TypedDict):
    object: Literal["sign_in_link"]
    url: str
    key: str
    key_name: str
    expires_at: str


class Endpoint(TypedDict):
    id: str
    object: Literal["webhook_endpoint"]
    url: str
    events: list[str]
    format: str
    signature_key: Literal["raw", "hex"]
    key: str | None
    created_at: str
    disabled_at: str | None


class NewEndpoint(Endpoint):
    secret: str


class Endpoints(TypedDict):
    object: Literal["list"]
    data: list[Endpoint]


class WebhookSecret(TypedDict):
    object: Literal["webhook_secret"]
    secret: str
    previous_valid_until: str | None


class Delivery(TypedDict):
    id: str
    object: Literal["webhook_delivery"]
    event: str
    job: str | None
    endpoint: str | None
    url: str | None
    state: Literal["pending", "delivered", "failed", "stopped"]
    attempt_count: int


class Deliveries(TypedDict):
    object: Literal["list"]
    data: list[Delivery]
    has_more: bool
    next_cursor: str | None


# --- the server ---------------------------------------------------------------------------------


class Deployments(TypedDict):
    object: Literal["list"]
    data: list[dict[str, Any]]


class DeploymentCheck(TypedDict):
    object: Literal["deployment_check"]
    id: str
    provider: str
    ok: bool
    findings: list[dict[str, Any]]


class Alive(TypedDict):
    status: str


class Ready(TypedDict):
    status: str
    checks: dict[str, str]
    took_ms: dict[str, float]


class DocumentLink(TypedDict):
    name: str
    url: str


class Documents(TypedDict):
    object: Literal["list"]
    data: list[DocumentLink]
