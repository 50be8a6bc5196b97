"""Routing policies at the doors: a key's as JSON, what one request changes of it as a header."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import msgspec

from darkroom.core.errors import Forbidden, InvalidRequest
from darkroom.core.job import Attempt, Job
from darkroom.core.policy import Order, Policy
from darkroom.routing import Router
from darkroom.server.amounts import known_fields

HEADER = "X-Darkroom-Route"
"""``cheapest|fastest|listed; prefer=a,b; pinned=c; no-successor; strict``, any of them."""
_HEADER_MAX = 1_000
_GRAMMAR = "cheapest, fastest or listed; prefer=a,b; pinned=c; no-successor; strict"


def request_policy(header: str | None, key: Policy, router: Router) -> Policy:
    """The key's policy as one request changes it: narrowed, or ordered otherwise.

    Raises :class:`InvalidRequest` for what cannot be read, and :class:`Forbidden` for a
    deployment that the key may not use.
    """
    if header is None:
        return key
    if len(header) > _HEADER_MAX:
        raise InvalidRequest(f"{HEADER} has at most {_HEADER_MAX} characters.", param=HEADER)
    found, seen = key, set[str]()
    for term in filter(None, (part.strip() for part in header.split(";"))):
        name, equals, value = (part.strip() for part in term.partition("="))
        kind = "order" if name in tuple(Order) else name
        read = _FLAGS.get(kind) if not equals else _VALUES.get(kind)
        if read is None or kind in seen:
            raise InvalidRequest(f"{HEADER}: '{term[:64]}'. It reads: {_GRAMMAR}.", param=HEADER)
        seen.add(kind)
        found = read(found, value if equals else name)
    return _checked(found, key, router)


def changed_policy(before: Policy, value: Any, router: Router) -> Policy:
    """``{"order", "prefer", …}`` over ``before``: what is not named stays, null takes it back.

    Null for the whole is the usual policy. Raises from the request branch of the error tree.
    """
    if value is None:
        return Policy()
    if not isinstance(value, dict):
        raise InvalidRequest("'policy' is an object.", param="policy")
    said = cast(dict[str, Any], value)
    usual = _plain(Policy())
    known_fields(said, *usual)
    merged = _plain(before) | {
        name: usual[name] if given is None else given for name, given in said.items()
    }
    try:
        policy = msgspec.convert(merged, Policy)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"'policy': {error}.", param="policy") from error
    for name in (*policy.prefer, *policy.deployments, *filter(None, [policy.pinned])):
        if router.route(name) is None:
            raise InvalidRequest(f"'policy': there is no deployment '{name[:64]}'.", param="policy")
    for name in (*policy.models, *filter(None, [policy.default_model])):
        if not router.knows_model(name):
            raise InvalidRequest(f"'policy': there is no model '{name[:64]}'.", param="policy")
    return policy


def shown_policy(policy: Policy) -> dict[str, Any]:
    """In the form in which it is set; null stands for "no such limit"."""
    return {name: None if value in ("", ()) else value for name, value in _plain(policy).items()}


def shown_route(job: Job) -> str:
    """``main=upstream_timeout, backup=succeeded``: every attempt, in order."""
    return ", ".join(f"{one.deployment}={_ended(one)}" for one in job.attempts)


def _ended(attempt: Attempt) -> str:
    return attempt.state if attempt.error is None else attempt.error.code


def _checked(found: Policy, key: Policy, router: Router) -> Policy:
    if key.pinned and found.pinned != key.pinned:
        raise Forbidden(f"{HEADER}: this API key always uses '{key.pinned}'.", param=HEADER)
    for name in (*found.prefer, *filter(None, [found.pinned])):
        if router.route(name) is None:
            raise InvalidRequest(f"{HEADER}: there is no deployment '{name}'.", param=HEADER)
        if key.deployments and name not in key.deployments:
            raise Forbidden(f"{HEADER}: this API key may not use '{name}'.", param=HEADER)
    return found


def _order(policy: Policy, value: str) -> Policy:
    return replace(policy, order=Order(value))


def _no_successor(policy: Policy, _: str) -> Policy:
    return replace(policy, successors=False)


def _strict(policy: Policy, _: str) -> Policy:
    return replace(policy, emulate=False)


def _prefer(policy: Policy, value: str) -> Policy:
    names = tuple(name for part in value.split(",") if (name := part.strip()))
    if not names:
        raise InvalidRequest(f"{HEADER}: 'prefer' names deployments: prefer=a,b.", param=HEADER)
    return replace(policy, prefer=names)


def _pinned(policy: Policy, value: str) -> Policy:
    if not value:
        raise InvalidRequest(f"{HEADER}: 'pinned' names a deployment: pinned=a.", param=HEADER)
    return replace(policy, pinned=value)


_Read = Callable[[Policy, str], Policy]
_FLAGS: Mapping[str, _Read] = {"order": _order, "no-successor": _no_successor, "strict": _strict}
_VALUES: Mapping[str, _Read] = {"prefer": _prefer, "pinned": _pinned}


def _plain(policy: Policy) -> dict[str, Any]:
    return msgspec.to_builtins(policy)
