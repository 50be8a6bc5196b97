"""Candidates for a request: deployments that serve its model, or the successor of a retired one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from darkroom.catalog import Catalog, Plan, plan
from darkroom.core.capability import ModelSpec
from darkroom.core.deployment import Deployment
from darkroom.core.errors import Forbidden, ModelNotFound, RequestError, UnsupportedValue
from darkroom.core.job import Considered
from darkroom.core.policy import Policy
from darkroom.core.ports import EconomyProvider, Provider, Responder
from darkroom.core.request import ImageRequest
from darkroom.core.warning import Warning

DEFAULT = "default"
"""The alias that always exists: the default model."""
_DRAWS = "sandbox"
"""The provider whose pictures stand in for real ones: asked only when no other is left."""


@dataclass(frozen=True, slots=True)
class Route:
    """One deployment with the adapter that is bound to it."""

    deployment: Deployment
    provider: Provider


@dataclass(frozen=True, slots=True)
class Candidate:
    """A deployment that can do this request, and how: ``plan`` is what goes upstream."""

    route: Route
    model: ModelSpec
    upstream_model: str
    plan: Plan
    successor: bool = False
    """``model`` stands in for the one that was asked for."""
    mainline: str = ""
    """The endpoint's name of the text model that answers; empty: none takes part."""

    @property
    def draws(self) -> bool:
        """Its pictures are drawn by code."""
        return self.route.provider.name == _DRAWS


@dataclass(frozen=True, slots=True)
class Survey:
    """Every deployment that was looked at for a request, in the configured order."""

    candidates: tuple[Candidate, ...]
    ruled_out: tuple[Considered, ...] = ()


@dataclass(frozen=True, slots=True)
class Shutdown:
    """A deployment's vendor ends a model on ``day``, which is in ``days_left`` days (or past)."""

    deployment: str
    day: date
    days_left: int


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model of the list: ``deployments`` serve it; ``successor`` answers where it is retired."""

    spec: ModelSpec
    deployments: tuple[str, ...]
    successor: str | None = None
    aliases: tuple[str, ...] = ()
    """The names that this server gives it, beside its own."""
    shutdowns: tuple[Shutdown, ...] = ()


class Router:
    """Knows the routes in their configured order. Pure: no I/O, so it may run in a transaction."""

    def __init__(
        self,
        catalog: Catalog,
        routes: Sequence[Route],
        today: Callable[[], date],
        default_model: str = "gpt-image-2",
        aliases: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._catalog = catalog
        self._routes = tuple(routes)
        self._today = today
        self._aliases = {DEFAULT: default_model, **aliases}

    @property
    def routes(self) -> Sequence[Route]:
        return self._routes

    @property
    def today(self) -> date:
        """The day (UTC) by which models retire."""
        return self._today()

    def take_over(self, other: "Router") -> None:
        """Serve as ``other`` does from now on. Who holds a candidate or a route keeps it."""
        self._routes, self._aliases = other._routes, other._aliases

    def resolve(self, name: str) -> str:
        """The catalogue's name behind an alias of this server; any other name as it is."""
        seen: set[str] = set()
        while name in self._aliases and name not in seen:
            seen.add(name)
            name = self._aliases[name]
        return name

    def named(self, request: ImageRequest, policy: Policy = Policy()) -> ImageRequest:
        """The request with the model that serves those that name none, and no alias."""
        name = self.resolve(request.model or policy.default_model or DEFAULT)
        return request if name == request.model else replace(request, model=name)

    def candidates(self, request: ImageRequest, policy: Policy = Policy()) -> list[Candidate]:
        """All that can do it and may, in the configured order. Raises like :meth:`survey`."""
        return list(self.survey(request, policy).candidates)

    def survey(self, request: ImageRequest, policy: Policy = Policy()) -> Survey:
        """Candidates, and what was ruled out with a word for why.

        Raises :class:`ModelNotFound`, :class:`Forbidden`, or the first refusal when none is left.
        """
        asked = self._asked(request, policy)
        found: list[Candidate] = []
        out: list[Considered] = []
        refusal: RequestError | None = None
        for route in self._routes:
            model = self._model_at(route, asked)
            if model is None:
                if self._had(route, asked):
                    out.append(Considered(route.deployment.id, False, "retired"))
                continue
            why = _forbidden(route.deployment.id, policy)
            if why is None and model.id != asked.id and not policy.successors:
                why = "retired"
            if why is not None:
                out.append(Considered(route.deployment.id, False, why))
                continue
            if request.economy and not isinstance(route.provider, EconomyProvider):
                out.append(Considered(route.deployment.id, False, "no_economy"))
                refusal = refusal or _no_economy(route.deployment.id)
                continue
            try:
                found.append(self._candidate(route, (asked, model), request, policy.emulate))
            except RequestError as error:
                refusal = refusal or error
                out.append(Considered(route.deployment.id, False, f"no_{error.param or 'fit'}"))
        if not found:
            raise refusal or self._none_left(request.model, out)
        if any(one.mainline for one in found):  # then who has no text model cannot answer
            others = [one.route.deployment.id for one in found if not one.mainline]
            out.extend(Considered(name, False, "no_responses") for name in others)
            found = [one for one in found if one.mainline]
        return Survey(tuple(found), tuple(out))

    def models(self) -> list[ServedModel]:
        """Every model of the catalogue that some deployment serves."""
        served: list[ServedModel] = []
        for spec in self._catalog.models:
            at = [(route, self._model_at(route, spec)) for route in self._routes]
            able = [(route, model) for route, model in at if model is not None]
            if not able:
                continue
            # what serves the model itself says what it can do
            first = next((model for _, model in able if model.id == spec.id), able[0][1])
            retired = first.id != spec.id
            served.append(
                ServedModel(
                    spec if retired else first,
                    tuple(route.deployment.id for route, _ in able),
                    first.id if retired else None,
                    tuple(name for name in self._aliases if self._catalog_id(name) == spec.id),
                    tuple(self._shutdowns(spec)),
                )
            )
        return served

    def route(self, deployment_id: str) -> Route | None:
        return next((r for r in self._routes if r.deployment.id == deployment_id), None)

    def knows_model(self, name: str) -> bool:
        """Whether this is the name of a model, or an alias."""
        return self._catalog.get(self.resolve(name)) is not None

    def offers_mainline(self, name: str) -> bool:
        """Whether some deployment lets this text model answer."""
        return any(_mainline(route, name) for route in self._routes)

    def _asked(self, request: ImageRequest, policy: Policy) -> ModelSpec:
        asked = self._catalog.get(self.resolve(request.model))
        if asked is None:
            raise ModelNotFound(
                f"The model '{request.model}' does not exist. GET /v1/models lists what does.",
                param="model",
            )
        if policy.models and asked.id not in map(self._catalog_id, policy.models):
            raise Forbidden(
                f"This API key may not use the model '{request.model}'."
                f" It may use: {', '.join(policy.models)}.",
                param="model",
            )
        return asked

    def _none_left(self, name: str, out: Sequence[Considered]) -> RequestError:
        reasons = {one.reason for one in out}
        if "retired" in reasons:
            return ModelNotFound(
                f"The model '{name}' is retired, and nothing else may stand in for it here."
                " Ask for another model, or allow successors.",
                param="model",
            )
        if "not_allowed" in reasons:
            return Forbidden(
                f"No deployment that this request may use serves '{name}'."
                " The policy of the API key, or X-Darkroom-Route, leaves none.",
                param="model",
            )
        return ModelNotFound(
            f"No deployment serves '{name}'. Add one that does to darkroom.toml.", param="model"
        )

    def _model_at(self, route: Route, asked: ModelSpec) -> ModelSpec | None:
        """What this route serves for ``asked``: the model, its successor, or nothing."""
        vendor, today = route.provider.vendor, self._today()
        model: ModelSpec | None = asked
        if self._catalog.retired(asked, vendor, today):
            model = self._catalog.successor_of(asked, vendor, today)
        if model is None or not _lists(route, model):
            return None
        return route.provider.spec(model)

    def _had(self, route: Route, asked: ModelSpec) -> bool:
        """Whether the route served the model until its vendor retired it."""
        retired = self._catalog.retired(asked, route.provider.vendor, self._today())
        return retired and _lists(route, asked)

    def _candidate(
        self,
        route: Route,
        models: tuple[ModelSpec, ModelSpec],
        request: ImageRequest,
        emulate: bool,
    ) -> Candidate:
        """``models``: the one that was asked for, and the one that this route serves for it."""
        asked, model = models
        heir = model.id != asked.id
        notes: tuple[Warning, ...] = ()
        if heir:
            request, notes = _for_successor(route, models, request)
        planned = plan(request, model, emulate=emulate, peers=self._served)
        if notes:
            planned = replace(planned, warnings=(*notes, *planned.warnings))
        upstream = route.deployment.models.get(model.id, model.id)
        line = "" if request.mainline is None else _mainline(route, request.mainline.text_model)
        return Candidate(route, model, upstream, planned, heir, line)

    def _served(self) -> Iterator[ModelSpec]:
        """The models that a refusal may name instead."""
        for spec in self._catalog.models:
            found = (self._model_at(route, spec) for route in self._routes)
            yield from [model for model in found if model is not None and model.id == spec.id][:1]

    def _shutdowns(self, spec: ModelSpec) -> Iterator[Shutdown]:
        today = self._today()
        for route in self._routes:
            dates = spec.vendors.get(route.provider.vendor)
            if dates is not None and dates.shutdown is not None and _lists(route, spec):
                left = (dates.shutdown - today).days
                yield Shutdown(route.deployment.id, dates.shutdown, left)

    def _catalog_id(self, name: str) -> str:
        spec = self._catalog.get(self.resolve(name))
        return name if spec is None else spec.id


def _lists(route: Route, model: ModelSpec) -> bool:
    listed = route.deployment.models
    return model.id in listed if listed else route.provider.serves(model)


def _mainline(route: Route, name: str) -> str:
    """What the route calls a text model that answers there; empty: none such does."""
    provider = route.provider
    return (provider.mainline(name) or "") if isinstance(provider, Responder) else ""


def _forbidden(deployment: str, policy: Policy) -> str | None:
    if policy.pinned and deployment != policy.pinned:
        return "not_allowed"
    if policy.deployments and deployment not in policy.deployments:
        return "not_allowed"
    return None


def _no_economy(deployment: str) -> UnsupportedValue:
    return UnsupportedValue(
        f"{deployment} has no batch API, so there is no economy tier. Leave 'service_tier' out.",
        param="service_tier",
    )


def _for_successor(
    route: Route, models: tuple[ModelSpec, ModelSpec], request: ImageRequest
) -> tuple[ImageRequest, tuple[Warning, ...]]:
    """The request as its successor can take it, and what is to be said about that."""
    asked, model = models
    notes = [
        Warning(
            "model_retired",
            f"{asked.label} is retired at {route.deployment.id}; {model.label} serves instead.",
            param="model",
            asked=request.model,
            used=model.id,
        )
    ]
    fidelity = request.input_fidelity
    if fidelity in asked.fidelities and model.tokens.always_high_fidelity and fidelity != "high":
        # asked for what was right for the old model; refusing it would break code that worked
        notes.append(
            Warning(
                "value_mapped",
                f"{model.id!r} reads input images at high fidelity only.",
                param="input_fidelity",
                asked=fidelity,
                used="high",
            )
        )
        request = replace(request, input_fidelity=None)
    return request, tuple(notes)
