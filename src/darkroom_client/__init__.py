"""The Python SDK: a typed client of a Darkroom server.

from darkroom_client import Client

with Client("http://127.0.0.1:8000", "dk_…") as client:
    result = client.generate("a red bicycle", size="1536x1024")
    result.images[0].save("bike.png")
"""

from darkroom_client.billing import Balance, Budget, TopUp, UsageReport, UsageRow
from darkroom_client.client import Client
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
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
)
from darkroom_client.inputs import ImageInput
from darkroom_client.jobs import Job, JobPage
from darkroom_client.keys import ApiKey
from darkroom_client.models import Model
from darkroom_client.money import Money, PriceLine
from darkroom_client.options import EditOptions, ImageOptions
from darkroom_client.quotes import Offer, Preview, Quote, SentFile
from darkroom_client.results import Asset, Image, PartialImage, Result, Usage, Warning

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "ApiKey",
    "Asset",
    "AuthenticationError",
    "BadRequestError",
    "Balance",
    "Budget",
    "BudgetExceeded",
    "Client",
    "ConflictError",
    "ContentPolicyViolation",
    "EditOptions",
    "Image",
    "ImageInput",
    "ImageOptions",
    "InsufficientBalance",
    "InternalServerError",
    "Job",
    "JobPage",
    "Model",
    "Money",
    "NotFoundError",
    "Offer",
    "PartialImage",
    "PermissionDeniedError",
    "Preview",
    "PriceLine",
    "Quote",
    "RateLimitError",
    "Result",
    "SentFile",
    "TopUp",
    "Usage",
    "UsageReport",
    "UsageRow",
    "Warning",
]
