"""Tells of jobs' events by signed POSTs: endpoint rules, outbox, signing, delivery."""

from darkroom.webhooks.message import Messages, signs_with_key
from darkroom.webhooks.outbox import accepted, callback_states, ended, progressed
from darkroom.webhooks.records import Pending, Wanted, pending
from darkroom.webhooks.retention import deliveries_chore
from darkroom.webhooks.rules import STRICT, Rules
from darkroom.webhooks.service import OVERLAP_MAX_S, OVERLAP_S, Owner, Webhooks, Wish
from darkroom.webhooks.shapes import ENDPOINT_EVENTS, Delivery, DeliveryState, Endpoint, Keys, Try
from darkroom.webhooks.worker import Clock, Delivering, Limits, Worker

__all__ = [
    "ENDPOINT_EVENTS",
    "OVERLAP_MAX_S",
    "OVERLAP_S",
    "STRICT",
    "Clock",
    "Delivering",
    "Delivery",
    "DeliveryState",
    "Endpoint",
    "Keys",
    "Limits",
    "Messages",
    "Owner",
    "Pending",
    "Rules",
    "Try",
    "Wanted",
    "Webhooks",
    "Wish",
    "Worker",
    "accepted",
    "callback_states",
    "deliveries_chore",
    "ended",
    "pending",
    "progressed",
    "signs_with_key",
]
