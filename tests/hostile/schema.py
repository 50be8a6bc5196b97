"""Requests made from the documents of the API, fitting and not: ``python -m tests.hostile schema``.

Whatever is sent, the answer is one that its document has: status, media type and form. 5xx is
wrong, but for 503 that says when to come back.
"""

import argparse
import contextlib
import logging
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import requests  # noqa: TID251 - schemathesis sends with it
import schemathesis
import structlog
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisDeprecationWarning, Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from darkroom.server.openapi import NAMES
from tests.hostile.tenants import belongings
from tests.server.client import client, other_key
from tests.support.running import Running

_CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_ALIASES = ("/openai/", "/evolink/", "/apiframe/")
_MODELS = ("gpt-image-1-mini", "gpt-image-1.5")
_MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
_WAIT_S = 60
_ROUND = 40
"""Requests for each operation and kind before the next seed; some operations have fewer."""
_UNCHECKED = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


@dataclass
class Found:
    """What came of it."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter[int])
    wrong: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, other: "Found") -> None:
        self.cases += other.cases
        self.statuses += other.statuses
        self.wrong |= other.wrong

    def line(self) -> str:
        answers = ", ".join(f"{count:,} × {code}" for code, count in sorted(self.statuses.items()))
        return f"{self.cases:,} requests: {answers}; wrong: {len(self.wrong)}"


@dataclass(frozen=True, slots=True)
class Plan:
    """``cases`` for each operation and kind. ``thorough``: both kinds of requests, those that fit
    and those that do not, and also the paths under a prefix; else the kinds take turns."""

    cases: int
    number: int = 0
    thorough: bool = False

    def modes(self, index: int) -> Sequence[GenerationMode]:
        return _MODES if self.thorough else (_MODES[(index + self.number) % len(_MODES)],)


def main(arguments: list[str]) -> int:
    """Requests from every document, in a server of its own; 1 if an answer was wrong."""
    parser = argparse.ArgumentParser("python -m tests.hostile schema", description=main.__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="at least so many")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other requests")
    chosen = parser.parse_args(arguments)
    # what is refused is counted, not told
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began, found = time.monotonic(), {name: Found() for name in NAMES}
    plan = Plan(_ROUND, chosen.seed, thorough=True)
    with tempfile.TemporaryDirectory() as folder, gateway_of(Path(folder)) as gateway:
        while sum(one.cases for one in found.values()) < chosen.cases:
            for name in NAMES:
                found[name].add(survey(gateway, name, plan))
            plan = replace(plan, number=plan.number + 1)
    for name, one in found.items():
        print(f"{name}: {one.line()}")
        for what, why in one.wrong.items():
            print(f"  {what}: {why}")
    print(f"{time.monotonic() - began:.0f} s")
    return int(any(one.wrong for one in found.values()))


def gateway_of(folder: Path) -> Running:
    """Webhooks stay on this machine, where nobody takes them."""
    return Running(folder, webhook_allow_local=True)


def document(gateway: Running, name: str) -> dict[str, Any]:
    """As the server tells it."""
    return httpx2.get(f"{gateway.url}/openapi/{name}.json").json()


def existing(gateway: Running) -> Mapping[tuple[str, str], str]:
    """Ids of what is there, by document and parameter. The key that asks is not among them."""
    other_key(gateway, "spare")
    ids = dict(belongings(gateway, gateway.key).ids)
    with client(gateway) as http:
        spare = http.get("/v1/keys").json()["data"]
    ids["darkroom", "key_id"] = next(key["id"] for key in spare if key["name"] == "other")
    return ids


def survey(gateway: Running, name: str, plan: Plan) -> Found:
    """Send what fits the document of this name and what does not, to each operation."""
    found, told = Found(), document(gateway, name)
    ids = {parameter: one for (group, parameter), one in existing(gateway).items() if group == name}
    schema = schemathesis.openapi.from_dict(told)
    schema.config.update(base_url=gateway.url)
    schema.config.generation.update(with_security_parameters=False)  # the session has the key
    with requests.Session() as session, warnings.catch_warnings():
        # about schemathesis' own strategies: https://github.com/schemathesis/schemathesis
        warnings.simplefilter("ignore", HypothesisDeprecationWarning)
        session.headers["authorization"] = f"Bearer {gateway.key}"
        for index, result in enumerate(schema.get_all_operations()):
            assert isinstance(result, Ok), result
            operation = result.ok()
            if operation.path.startswith(_ALIASES) and not plan.thorough:
                continue
            for mode in plan.modes(index):
                _try(operation.as_strategy(mode), plan, Sender(session, ids, found))
    return found


class Sender:
    """Sends cases, some of them changed so that they get further than made-up words do."""

    def __init__(self, session: requests.Session, ids: Mapping[str, str], found: Found) -> None:
        self._session = session
        self._ids = ids
        self._found = found

    def send(self, case: Case) -> None:
        found = self._found
        found.cases += 1
        if found.cases % 2:
            self._reach_deeper(case)
        answer = case.call(session=self._session, timeout=_WAIT_S)
        found.statuses[answer.status_code] += 1
        if answer.status_code == 503 and answer.headers.get("retry-after"):
            return
        try:
            case.validate_response(answer, checks=_CHECKS)
        except (Failure, FailureGroup) as error:
            found.wrong.setdefault(f"{case.method} {case.operation.path}", _told(error, case))

    def _reach_deeper(self, case: Case) -> None:
        """With a model that is served, and with ids of what is there."""
        body: Any = case.body
        if isinstance(body, dict) and "model" in body:
            body["model"] = _MODELS[self._found.cases // 2 % len(_MODELS)]
        for name in case.path_parameters or ():
            if name in self._ids:
                case.path_parameters[name] = self._ids[name]


def _try(cases: Any, plan: Plan, sender: Sender) -> None:
    @seed(plan.number)
    @settings(
        max_examples=plan.cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=_UNCHECKED,
    )
    @given(case=cases)
    def attempt(case: Case) -> None:
        sender.send(case)

    with contextlib.suppress(Unsatisfiable):  # where nothing is taken, nothing can be wrong
        attempt()


def _told(error: Failure | FailureGroup, case: Case) -> str:
    reasons: Iterator[BaseException] = iter(getattr(error, "exceptions", (error,)))
    text = "; ".join(f"{type(one).__name__}: {one}" for one in reasons)
    return f"{text[:600]} | {case.as_curl_command()[:600]}"
