"""The Python SDK: a typed client of a Darkroom server.

from darkroom_client import Client

with Client("http://127.0.0.1:8000", "dk_…") as client:
    result = client.generate("a red bicycle", size="1536x1024")
    result.images[0].save("bike.png")
"""

from darkroom_client.async_client import AsyncClient
from darkroom_client.billing import (
    Balance,
    Booking,
    Budget,
    Drift,
    DriftRow,
    Refund,
    Statement,
    TopUp,
    UsageReport,
    UsageRow,
)
from darkroom_client.calls import Readiness
from darkroom_client.client import Client
from darkroom_client.deployments import Check, Deployment, Finding, Reloaded
from darkroom_client.errors import (
    APIConnectionError,
    APIError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    BudgetExceeded,
    ConflictError,
    ContentPolicyViolation,
    InsufficientBalance,
    InternalServerError,
    JobCanceled,
    JobFailed,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    WaitTimeout,
)
from darkroom_client.following import JobEvent, Progress, Settled
from darkroom_client.handles import AsyncJobHandle, AsyncJobStream, JobHandle, JobStream
from darkroom_client.jobs import Job, JobPage
from darkroom_client.keys import ApiKey, Storage
from darkroom_client.models import Model
from darkroom_client.money import Money, PriceLine
from darkroom_client.options import EditOptions, ImageOptions
from darkroom_client.quotes import Offer, Preview, Quote, SentFile
from darkroom_client.results import (
    Asset,
    AsyncImage,
    AsyncResult,
    Image,
    ImageInput,
    PartialImage,
    Picture,
    Result,
    Usage,
    Warning,
)
from darkroom_client.webhooks import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookDeliveryPage,
    WebhookEndpoint,
    WebhookSecret,
    WebhookVerificationError,
    verify_webhook,
)

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "ApiKey",
    "Asset",
    "AsyncClient",
    "AsyncImage",
    "AsyncJobHandle",
    "AsyncJobStream",
    "AsyncResult",
    "AuthenticationError",
    "BadRequestError",
    "Balance",
    "Booking",
    "Budget",
    "BudgetExceeded",
    "Check",
    "Client",
    "ConflictError",
    "ContentPolicyViolation",
    "Deployment",
    "Drift",
    "DriftRow",
    "EditOptions",
    "Finding",
    "Image",
    "ImageInput",
    "ImageOptions",
    "InsufficientBalance",
    "InternalServerError",
    "Job",
    "JobCanceled",
    "JobEvent",
    "JobFailed",
    "JobHandle",
    "JobPage",
    "JobStream",
    "Model",
    "Money",
    "NotFoundError",
    "Offer",
    "PartialImage",
    "PermissionDeniedError",
    "Picture",
    "Preview",
    "PriceLine",
    "Progress",
    "Quote",
    "RateLimitError",
    "Readiness",
    "Refund",
    "Reloaded",
    "Result",
    "SentFile",
    "Settled",
    "Statement",
    "Storage",
    "TopUp",
    "Usage",
    "UsageReport",
    "UsageRow",
    "WaitTimeout",
    "Warning",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookDeliveryPage",
    "WebhookEndpoint",
    "WebhookSecret",
    "WebhookVerificationError",
    "verify_webhook",
]
