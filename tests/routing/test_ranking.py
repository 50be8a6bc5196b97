"""In which order deployments are asked, and the words for it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from itertools import permutations
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkroom.catalog import Catalog
from darkroom.core.deployment import Deployment
from darkroom.core.job import Considered
from darkroom.core.policy import Order, Policy
from darkroom.providers.sandbox import SandboxProvider
from darkroom.routing import Bid, Circuit, Conditions, Route, Router, Standing, considered, rank
from darkroom.routing.circuit import cooled, opened
from tests.support.jobs import a_request
from tests.support.workshop import Scripted

NAMES = ("a", "b", "c", "d")
NOW = 1_000_000
_QUIET = Conditions()


def bids(prices: Mapping[str, int], **weights: int) -> list[Bid]:
    routes = [
        Route(one, Scripted(one))
        for name in prices
        for one in [Deployment(name, "scripted", weight=weights.get(name, 1))]
    ]
    router = Router(Catalog.load(), routes, lambda: date(2026, 11, 20))
    found = router.candidates(a_request())
    return [Bid(one, prices[one.route.deployment.id]) for one in found]


def order(found: list[Bid], policy: Policy = Policy(), at: Conditions = _QUIET) -> str:
    return " ".join(one.bid.deployment.id for one in rank(found, policy, at))


def reasons(found: list[Bid], policy: Policy = Policy(), at: Conditions = _QUIET) -> str:
    return " ".join(one.reason for one in rank(found, policy, at))


def broken(name: str) -> Standing:
    return Standing(opened(Circuit(name), "upstream_error", NOW))


def latency(**found: float) -> Conditions:
    return Conditions(standings={n: Standing(Circuit(n), ms) for n, ms in found.items()})


def test_the_lowest_price_comes_first() -> None:
    found = bids({"a": 3, "b": 1, "c": 2})
    assert order(found) == "b c a"
    assert reasons(found) == "cheapest dearer dearer"


def test_of_the_same_price_the_clearly_faster_one_else_the_one_listed_first() -> None:
    found = bids({"a": 5, "b": 5})
    assert order(found, at=latency(a=40_000, b=9_000)) == "b a"
    assert order(found, at=latency(a=10_000, b=9_000)) == "a b"
    assert order(found) == "a b"
    assert reasons(found) == "cheapest same_price"


def test_of_the_same_price_weights_share_the_requests() -> None:
    found = bids({"a": 5, "b": 5, "c": 9}, a=1, b=3)
    first = Counter(order(found, at=Conditions(draw=n / 1000))[0] for n in range(1000))
    assert first == {"a": 250, "b": 750}
    assert order(bids({"a": 5, "b": 5}, a=0), at=Conditions(draw=0.0)) == "b a"


def test_the_fastest_is_asked_first_and_one_that_was_never_measured_is_measured() -> None:
    found, fastest = bids({"a": 1, "b": 2, "c": 3}), Policy(Order.FASTEST)
    assert order(found, fastest, latency(a=9_000, b=8_000, c=7_000)) == "c b a"
    assert order(found, fastest, latency(a=9_000, b=8_000)) == "c b a"
    assert order(found, fastest) == "a b c"


def test_listed_keeps_the_configured_order() -> None:
    assert order(bids({"a": 3, "b": 1}), Policy(Order.LISTED)) == "a b"


def test_the_preferred_come_first_in_their_order_while_they_are_healthy() -> None:
    found, policy = bids({"a": 1, "b": 2, "c": 3}), Policy(prefer=("c", "b"))
    assert order(found, policy) == "c b a"
    assert reasons(found, policy) == "preferred preferred dearer"
    ill = Conditions(now_ms=NOW, standings={"c": broken("c")})
    assert order(found, policy, ill) == "b a c"


def test_what_is_not_well_comes_last_and_says_why() -> None:
    found = bids({"a": 1, "b": 2, "c": 3, "d": 4})
    limited = Standing(cooled(Circuit("b"), NOW, 30.0))
    at = Conditions(NOW, {"a": broken("a"), "b": limited}, full=frozenset("c"))
    assert order(found, at=at) == "d c b a"
    assert reasons(found, at=at) == "cheapest at_limit cooling_down circuit_open"


def test_a_circuit_whose_time_has_come_is_as_good_as_closed_until_the_probe_is_taken() -> None:
    found, standings = bids({"a": 1, "b": 2}), {"a": broken("a")}
    due = Conditions(standings["a"].circuit.retry_at_ms, standings)
    assert order(found, at=due) == "a b"
    assert order(found, at=replace(due, avoid=frozenset("a"))) == "b a"


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    at = Conditions(NOW - 3_600_000, {"a": broken("a")})
    assert order(bids({"a": 1, "b": 2}), at=at) == "a b"


def test_a_successor_comes_after_the_model_itself_and_the_sandbox_after_all() -> None:
    class Old(Scripted):
        vendor: ClassVar[str] = "openai"

    sandbox, old, other = (
        Deployment("sandbox", "sandbox"),
        Deployment("old", "scripted", models={"gpt-image-2.5-sunburst": "x"}),
        Deployment("other", "scripted", models={"gpt-image-1.5": "x"}),
    )
    routes = [
        Route(sandbox, SandboxProvider(sandbox)),
        Route(old, Old(old)),
        Route(other, Scripted(other)),
    ]
    router = Router(Catalog.load(), routes, lambda: date(2026, 12, 2))
    prices = {"sandbox": 1, "old": 2, "other": 3}
    found = [Bid(c, prices[c.route.deployment.id]) for c in router.candidates(a_request())]
    assert order(found) == "other old sandbox"
    assert reasons(found) == "cheapest successor draws_only"
    # even with both of the real ones ill, drawn pictures are the last resort
    ill = Conditions(now_ms=NOW, standings={"old": broken("old"), "other": broken("other")})
    assert order(found, at=ill) == "other old sandbox"


def test_the_ranking_is_kept_with_the_ones_that_were_ruled_out() -> None:
    ranked = rank(bids({"a": 2, "b": 1}), Policy(), Conditions())
    kept = considered(ranked, [Considered("c", False, "no_mask")])
    assert kept == (
        Considered("b", True, "cheapest", 1),
        Considered("a", True, "dearer", 2),
        Considered("c", False, "no_mask"),
    )


CONDITIONS: Any = st.builds(
    Conditions,
    now_ms=st.just(NOW),
    standings=st.dictionaries(
        st.sampled_from(NAMES),
        st.one_of(
            st.just(Standing(opened(Circuit("x"), "x", NOW))),
            st.builds(Standing, st.just(Circuit("x")), st.floats(1, 100_000)),
        ),
    ),
    full=st.frozensets(st.sampled_from(NAMES)),
    draw=st.floats(0, 1, exclude_max=True),
)
POLICIES: Any = st.builds(
    Policy,
    order=st.sampled_from(list(Order)),
    prefer=st.sampled_from([p for n in range(3) for p in permutations(NAMES, n)]),
)


@given(POLICIES, CONDITIONS, st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_nobody_is_lost_and_no_well_one_stands_behind_an_ill_one(
    policy: Policy, at: Conditions, prices: list[int]
) -> None:
    found = priced(dict(zip(NAMES, prices, strict=True)))
    ranked = rank(found, policy, at)
    assert sorted(one.bid.deployment.id for one in ranked) == list(NAMES)
    ills = [one.reason in ("at_limit", "circuit_open", "cooling_down") for one in ranked]
    assert ills == sorted(ills)
    well = [one for one, ill in zip(ranked, ills, strict=True) if not ill]
    plain = [one.bid for one in well if one.bid.deployment.id not in policy.prefer]
    if policy.order is Order.CHEAPEST:
        assert [b.expected_nanos for b in plain] == sorted(b.expected_nanos for b in plain)


_FREE = bids(dict.fromkeys(NAMES, 0))


def priced(prices: Mapping[str, int]) -> list[Bid]:
    return [replace(bid, expected_nanos=prices[bid.deployment.id]) for bid in _FREE]


@pytest.mark.parametrize("policy", [Policy(pinned="b"), Policy(deployments=("b",))])
def test_a_pinned_deployment_stands_alone(policy: Policy) -> None:
    routes = [Route(one, Scripted(one)) for n in "ab" for one in [Deployment(n, "x")]]
    router = Router(Catalog.load(), routes, lambda: date(2026, 11, 20))
    survey = router.survey(a_request(), policy)
    assert [one.route.deployment.id for one in survey.candidates] == ["b"]
    assert survey.ruled_out == (Considered("a", False, "not_allowed"),)
