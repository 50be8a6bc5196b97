"""In which order the deployments of a request are asked, and why. Pure."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby
from math import log2

from darkroom.core.deployment import Deployment
from darkroom.core.job import Considered
from darkroom.core.policy import Order, Policy
from darkroom.routing.health import Standing
from darkroom.routing.router import Candidate

_READY, _FULL, _COOLING, _OPEN = range(4)


@dataclass(frozen=True, slots=True)
class Bid:
    """A candidate with the price that it was, or would be, quoted; 0 where nothing is charged."""

    candidate: Candidate
    expected_nanos: int = 0

    @property
    def deployment(self) -> Deployment:
        return self.candidate.route.deployment


@dataclass(frozen=True, slots=True)
class Conditions:
    """The moment of a ranking: ``full`` are at their limit, ``avoid`` count as open.

    ``draw``, from 0 up to 1, decides by weight between deployments of the same price.
    """

    now_ms: int = 0
    standings: Mapping[str, Standing] = field(default_factory=dict[str, Standing])
    full: frozenset[str] = frozenset()
    avoid: frozenset[str] = frozenset()
    draw: float = 0.0


@dataclass(frozen=True, slots=True)
class Ranked:
    bid: Bid
    reason: str


def rank(bids: Sequence[Bid], policy: Policy, at: Conditions) -> list[Ranked]:
    """Best first. Nothing is left out: what is not healthy comes last, for when nothing else is.

    1. Deployments that make real images, then those that only draw, unless they are preferred.
    2. The healthy, then those at their limit, those that cool down, those with an open circuit.
    3. The model that was asked for, then a successor.
    4. Those that the policy prefers, in its order.
    5. The policy's order; of the same price by weight, else the faster, else as listed.
    """
    keyed = sorted(
        ((_key(bid, policy, at, place), bid) for place, bid in enumerate(bids)),
        key=lambda pair: pair[0],
    )
    ordered = [bid for _, bid in keyed]
    if policy.order is Order.CHEAPEST:
        ordered = [
            bid
            for _, group in groupby(keyed, key=lambda pair: pair[0][:5])
            for bid in _by_weight([bid for _, bid in group], at.draw)
        ]
    return [Ranked(bid, _reason(ordered, i, policy, at)) for i, bid in enumerate(ordered)]


def considered(ranked: Sequence[Ranked], ruled_out: Sequence[Considered]) -> tuple[Considered, ...]:
    """The ranking as it is kept with a job."""
    usable = (
        Considered(one.bid.deployment.id, True, one.reason, one.bid.expected_nanos)
        for one in ranked
    )
    return (*usable, *ruled_out)


_Key = tuple[bool, int, bool, int, float, float, int]


def _key(bid: Bid, policy: Policy, at: Conditions, place: int) -> _Key:
    name = bid.deployment.id
    prefer = policy.prefer.index(name) if name in policy.prefer else len(policy.prefer)
    latency = _latency(name, at)
    match policy.order:
        case Order.CHEAPEST:
            first, second = bid.expected_nanos, _rough(latency)
        case Order.FASTEST:  # one that was never measured is measured
            first, second = latency or 0.0, bid.expected_nanos
        case Order.LISTED:
            first = second = 0.0
    return (
        bid.candidate.draws and name not in policy.prefer,
        _state(name, at),
        bid.candidate.successor,
        prefer,
        first,
        second,
        place,
    )


def _state(name: str, at: Conditions) -> int:
    standing = at.standings.get(name)
    if name in at.avoid:
        return _OPEN
    if standing is not None:
        if standing.circuit.blocked(at.now_ms):
            return _OPEN
        if standing.circuit.cooling(at.now_ms):
            return _COOLING
    return _FULL if name in at.full else _READY


def _latency(name: str, at: Conditions) -> float | None:
    standing = at.standings.get(name)
    return None if standing is None else standing.latency_ms


def _rough(latency_ms: float | None) -> float:
    """Latencies within a factor of two are the same: prices are compared, not moods."""
    return 0.0 if latency_ms is None else float(max(0, round(log2(max(1.0, latency_ms / 1000)))))


def _by_weight(bids: list[Bid], draw: float) -> list[Bid]:
    """Of the same price: one is drawn to be first, in proportion to the weights that differ."""
    weights = [bid.deployment.weight for bid in bids]
    total = sum(weights)
    if len(set(weights)) < 2 or not total:
        return bids
    marks = list(accumulate(weights))
    first = min(bisect_right(marks, draw * total), len(bids) - 1)
    rest = [bid for i, bid in enumerate(bids) if i != first]
    return [bids[first], *sorted(rest, key=lambda bid: -bid.deployment.weight)]


_STATE_REASONS = {_FULL: "at_limit", _COOLING: "cooling_down", _OPEN: "circuit_open"}
_LATER = {Order.CHEAPEST: "dearer", Order.FASTEST: "slower", Order.LISTED: "listed"}


def _reason(ordered: Sequence[Bid], place: int, policy: Policy, at: Conditions) -> str:
    bid = ordered[place]
    name = bid.deployment.id
    state = _state(name, at)
    if state != _READY:
        return _STATE_REASONS[state]
    if policy.pinned == name:
        return "pinned"
    if name in policy.prefer:
        return "preferred"
    if bid.candidate.draws and place:
        return "draws_only"
    if bid.candidate.successor:
        return "successor"
    if place == 0:
        return str(policy.order)
    same = bid.expected_nanos == ordered[place - 1].expected_nanos
    return "same_price" if same and policy.order is Order.CHEAPEST else _LATER[policy.order]
