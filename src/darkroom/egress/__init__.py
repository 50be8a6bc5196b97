"""The only place that opens outbound connections."""

from darkroom.egress.guard import AddressGuard, BlockedAddress
from darkroom.egress.public import PublicFetcher
from darkroom.egress.upstream import HttpEgress
from darkroom.egress.webhook import WebhookSender

__all__ = ["AddressGuard", "BlockedAddress", "HttpEgress", "PublicFetcher", "WebhookSender"]
