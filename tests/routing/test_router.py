"""Which deployments may serve a request, and as which model."""

from datetime import date

import pytest

from darkroom.catalog import Catalog
from darkroom.core.deployment import Deployment
from darkroom.core.errors import ModelNotFound, UnsupportedValue
from darkroom.providers.openai import OpenAIProvider
from darkroom.providers.sandbox import SandboxProvider
from darkroom.routing import Route, Router
from tests.support.jobs import a_request
from tests.support.workshop import Scripted

BEFORE, AFTER = date(2026, 11, 20), date(2026, 12, 1)
CATALOG = Catalog.load()


def router(*routes: Route, today: date = BEFORE) -> Router:
    return Router(CATALOG, routes, lambda: today)


def openai(**changes: object) -> Route:
    deployment = Deployment("openai", "openai", **changes)  # type: ignore[arg-type]
    return Route(deployment, OpenAIProvider(deployment, None))  # type: ignore[arg-type]


def sandbox() -> Route:
    deployment = Deployment("sandbox", "sandbox")
    return Route(deployment, SandboxProvider(deployment))


def test_candidates_come_in_the_configured_order() -> None:
    routes = [Route(one, Scripted(one)) for one in (Deployment("a", "x"), Deployment("b", "x"))]
    found = router(*routes).candidates(a_request())
    assert [candidate.route.deployment.id for candidate in found] == ["a", "b"]


def test_a_model_that_nobody_knows_or_serves_is_not_found() -> None:
    with pytest.raises(ModelNotFound, match="does not exist"):
        router(sandbox()).candidates(a_request(model="gpt-image-9"))
    with pytest.raises(ModelNotFound, match="No deployment serves"):
        router(openai()).candidates(a_request(model="flux-2-pro"))


def test_a_deployment_serves_only_the_models_it_lists_under_its_own_names() -> None:
    route = openai(models={"gpt-image-2": "my-deployment"})
    (candidate,) = router(route).candidates(a_request(model="gpt-image-2"))
    assert candidate.upstream_model == "my-deployment"
    with pytest.raises(ModelNotFound):
        router(route).candidates(a_request(model="gpt-image-2.6-flare"))


def test_a_retired_model_is_served_by_its_successor_and_said() -> None:
    (alive,) = router(openai()).candidates(a_request(model="gpt-image-1.5"))
    assert (alive.model.id, alive.plan.warnings) == ("gpt-image-1.5", ())
    (after,) = router(openai(), today=AFTER).candidates(a_request(model="gpt-image-1.5"))
    assert after.model.id == "gpt-image-2.5-sunburst"
    assert after.plan.request.model == "gpt-image-2.5-sunburst"
    (warning,) = after.plan.warnings
    assert (warning.code, warning.asked, warning.used) == (
        "model_retired",
        "gpt-image-1.5",
        "gpt-image-2.5-sunburst",
    )


def test_the_sandbox_stands_in_for_retired_models_too() -> None:
    (candidate,) = router(sandbox(), today=AFTER).candidates(a_request(model="dall-e-3"))
    assert candidate.model.id == "dall-e-3"


def test_the_first_refusal_is_told_when_no_deployment_fits() -> None:
    with pytest.raises(UnsupportedValue, match="banana"):
        router(openai(), sandbox()).candidates(a_request(quality="banana"))


def test_a_seed_is_kept_where_the_provider_honours_it() -> None:
    asked = a_request(seed=7)
    at_openai, at_sandbox = router(openai(), sandbox()).candidates(asked)
    assert at_sandbox.plan.request.seed == 7
    assert at_openai.plan.request.seed is None
    assert [warning.code for warning in at_openai.plan.warnings] == ["parameter_dropped"]


def test_the_list_of_models_names_deployments_and_successors() -> None:
    listed = {served.spec.id: served for served in router(openai(), today=AFTER).models()}
    assert listed["gpt-image-2"].deployments == ("openai",)
    assert listed["gpt-image-2"].successor is None
    assert listed["gpt-image-1.5"].successor == "gpt-image-2.5-sunburst"
    assert "flux-2-pro" not in listed
