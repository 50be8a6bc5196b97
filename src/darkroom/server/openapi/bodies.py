"""The JSON bodies and queries of Darkroom's own routes, as types."""

from typing import Annotated, Literal, TypedDict

from msgspec import UNSET, Meta, Struct, UnsetType

from darkroom.core.limits import KeyLimits
from darkroom.core.policy import Policy

Line = Annotated[str, Meta(min_length=1, max_length=100)]
Dollars = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$")]
Factor = Annotated[str, Meta(pattern=r"^[0-9]{1,3}(\.[0-9]{1,6})?$")]
Moment = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.*)?$")]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Limit = Annotated[int, Meta(ge=1, le=100)]
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.\-]{1,64}$")]
JobIds = Annotated[list[Id], Meta(min_length=1, max_length=100)]
State = Literal["queued", "running", "succeeded", "failed", "canceled"]
HookEvent = Literal["completed", "failed", "canceled"]


class _Strict(Struct, forbid_unknown_fields=True):
    """What is not named is refused."""


class Budget(_Strict):
    total_usd: Dollars | UnsetType | None = UNSET
    day_usd: Dollars | UnsetType | None = UNSET
    month_usd: Dollars | UnsetType | None = UNSET


class KeyTerms(_Strict):
    budget: Budget | UnsetType | None = UNSET
    limits: KeyLimits | UnsetType | None = UNSET
    dialect: str | UnsetType | None = UNSET
    policy: Policy | UnsetType | None = UNSET
    expires_at: Moment | UnsetType | None = UNSET
    price_multiplier: Factor | UnsetType | None = UNSET
    price_per_image_usd: Dollars | UnsetType | None = UNSET


class CreateKey(KeyTerms, kw_only=True):
    name: Line
    account: Line | UnsetType | None = UNSET
    admin: bool | UnsetType = UNSET


class ChangeKey(KeyTerms):
    name: Line | UnsetType = UNSET


class ChangeAccount(_Strict):
    prepaid: bool | UnsetType = UNSET
    budget: Budget | UnsetType | None = UNSET


class CreateTopUp(_Strict):
    amount_usd: Dollars
    reference: str | UnsetType | None = UNSET
    note: str | UnsetType | None = UNSET


class CreateRefund(_Strict):
    reason: str
    amount_usd: Dollars | UnsetType | None = UNSET
    reference: str | UnsetType | None = UNSET


class ChangeEndpoint(_Strict):
    url: str | UnsetType | None = UNSET
    events: Annotated[list[HookEvent], Meta(min_length=1)] | UnsetType | None = UNSET
    format: str | UnsetType | None = UNSET
    disabled: bool | UnsetType | None = UNSET
    signature_key: Literal["raw", "hex"] | UnsetType | None = UNSET


class CreateEndpoint(ChangeEndpoint):
    key: Id | UnsetType | None = UNSET


class RotateSecret(_Strict):
    overlap_s: Annotated[int, Meta(ge=0, le=2_592_000)] | UnsetType = UNSET


class SignIn(_Strict):
    """One of the two."""

    token: Annotated[str, Meta(min_length=1, max_length=512)] | UnsetType = UNSET
    key: Annotated[str, Meta(min_length=1, max_length=512)] | UnsetType = UNSET


class CreateLink(_Strict):
    key: Id | UnsetType | None = UNSET


class SeveralJobs(_Strict):
    jobs: JobIds


class CreateReport(SeveralJobs):
    title: str | UnsetType | None = UNSET
    lang: Literal["en", "ko"] | UnsetType = UNSET
    credits: bool | UnsetType = UNSET


# --- queries ------------------------------------------------------------------------------------


class Link(TypedDict, total=False):
    exp: str
    sig: str


class Wanted(TypedDict, total=False):
    limit: Limit
    cursor: str
    state: State
    model: str
    operation: Literal["generation", "edit"]
    deployment: str
    q: Annotated[str, Meta(min_length=1, max_length=200)]
    created_after: Moment
    created_before: Moment
    asset_sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    parent: Id
    idempotency_key: str


class Since(TypedDict, total=False):
    since: Moment


class Followed(TypedDict, total=False):
    images: Literal["link", "base64"]
    last_event_id: Annotated[str, Meta(pattern=r"^[0-4]\.[0-9]{1,4}\.[0-9]{1,3}$")]


Span = TypedDict("Span", {"account": str, "from": Day, "to": Day}, total=False)


class Owner(TypedDict, total=False):
    account: str


class Grouped(Span, total=False):
    by: str


class Booked(Span, total=False):
    format: Literal["json", "csv"]
    limit: Limit
    cursor: str


class Invoiced(Span, total=False):
    invoice: str


class Sent(TypedDict, total=False):
    job: Id
    endpoint: Id
    state: Literal["pending", "delivered", "failed", "stopped"]
    limit: Limit
    cursor: Id


class Detailed(TypedDict, total=False):
    details: Literal["true", "false"]


class Listed(TypedDict, total=False):
    limit: Annotated[int, Meta(ge=1, le=10_000)]
    after: Id
    order: Literal["asc", "desc"]
    purpose: Literal["vision", "user_data"]


class Resumed(TypedDict, total=False):
    stream: Literal["true", "false"]
    starting_after: Annotated[int, Meta(ge=0, le=999_999_999)]


class Items(TypedDict, total=False):
    limit: Limit
    after: str
    order: Literal["asc", "desc"]
