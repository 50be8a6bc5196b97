"""Candidates for a request: deployments that serve its model, or the successor of a retired one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from darkroom.catalog import Catalog, Plan, plan
from darkroom.core.capability import ModelSpec
from darkroom.core.deployment import Deployment
from darkroom.core.errors import ModelNotFound, RequestError
from darkroom.core.ports import Provider
from darkroom.core.request import ImageRequest
from darkroom.core.warning import Warning


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


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model of the list: ``deployments`` serve it; ``successor`` answers where it is retired."""

    spec: ModelSpec
    deployments: tuple[str, ...]
    successor: str | None = None


class Router:
    """Knows the routes in their configured order. Pure: no I/O, so it may run in a transaction."""

    def __init__(
        self, catalog: Catalog, routes: Sequence[Route], today: Callable[[], date]
    ) -> None:
        self._catalog = catalog
        self._routes = tuple(routes)
        self._today = today

    def candidates(self, request: ImageRequest) -> list[Candidate]:
        """All that can do it, in order. Raises :class:`ModelNotFound`, or the first refusal."""
        asked = self._catalog.get(request.model)
        if asked is None:
            raise ModelNotFound(
                f"The model '{request.model}' does not exist. GET /v1/models lists what does.",
                param="model",
            )
        found: list[Candidate] = []
        refusal: RequestError | None = None
        for route in self._routes:
            model = self._model_at(route, asked)
            if model is None:
                continue
            try:
                found.append(self._candidate(route, asked, model, request))
            except RequestError as error:
                refusal = refusal or error
        if found:
            return found
        raise refusal or ModelNotFound(
            f"No deployment serves '{request.model}'. Add one that does to darkroom.toml.",
            param="model",
        )

    def models(self) -> list[ServedModel]:
        """Every model of the catalogue that some deployment serves."""
        served: list[ServedModel] = []
        for spec in self._catalog.models:
            at = [(route, self._model_at(route, spec)) for route in self._routes]
            able = [(route, model) for route, model in at if model is not None]
            if able:
                first = able[0][1]
                names = tuple(route.deployment.id for route, _ in able)
                retired = first.id != spec.id
                shown = spec if retired else first
                served.append(ServedModel(shown, names, first.id if retired else None))
        return served

    def route(self, deployment_id: str) -> Route | None:
        return next((r for r in self._routes if r.deployment.id == deployment_id), None)

    def _model_at(self, route: Route, asked: ModelSpec) -> ModelSpec | None:
        """What this route serves for ``asked``: the model, its successor, or nothing."""
        vendor, today = route.provider.vendor, self._today()
        model: ModelSpec | None = asked
        if self._catalog.retired(asked, vendor, today):
            model = self._catalog.successor_of(asked, vendor, today)
        if model is None:
            return None
        listed = route.deployment.models
        able = model.id in listed if listed else route.provider.serves(model)
        if not able:
            return None
        return replace(model, seed=True) if route.provider.takes_seed else model

    def _candidate(
        self, route: Route, asked: ModelSpec, model: ModelSpec, request: ImageRequest
    ) -> Candidate:
        planned = plan(request, model)
        if model.id != asked.id:
            note = Warning(
                "model_retired",
                f"{asked.label} is retired at {route.deployment.id}; {model.label} serves instead.",
                param="model",
                asked=request.model,
                used=model.id,
            )
            planned = Plan(planned.request, planned.fit, (note, *planned.warnings))
        upstream = route.deployment.models.get(model.id, model.id)
        return Candidate(route, model, upstream, planned)
