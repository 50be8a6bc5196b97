"""The files for operators name settings, commands and paths that exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from click.testing import CliRunner

from darkroom.cli import main
from darkroom.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCUMENTS = sorted([*DEPLOY.glob("*.yaml"), *DEPLOY.glob("kustomize/*.yaml")])
TEXTS = sorted(
    path
    for path in [ROOT / "Dockerfile", *DEPLOY.rglob("*")]
    if path.is_file() and path.suffix != ".json"
)


def documents(path: Path) -> list[dict[str, Any]]:
    return [cast("dict[str, Any]", one) for one in yaml.safe_load_all(path.read_text()) if one]


def walked(value: Any) -> Iterator[Any]:
    """Every value inside a document, its dictionaries included."""
    yield value
    parts: list[Any] = []
    if isinstance(value, dict):
        parts = list(cast("dict[str, Any]", value).values())
    elif isinstance(value, list):
        parts = cast("list[Any]", value)
    for part in parts:
        yield from walked(part)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_setting_that_is_named_exists(path: Path) -> None:
    # What the proxies and the compose files hand to each other is not a setting.
    theirs = {"SITE", "UPSTREAM_HOST", "UPSTREAM_PORT"}
    named = set(re.findall(r"\bDARKROOM_([A-Z0-9_]+)\b", path.read_text()))
    known = {name.upper() for name in Settings.model_fields}
    assert named - theirs <= known


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_containers_run_commands_of_ours_and_hold_no_rights(path: Path) -> None:
    for document in documents(path):
        for node in walked(document):
            if not isinstance(node, dict):
                continue
            container = cast("dict[str, Any]", node)
            if container.get("image") != "darkroom":
                continue
            words = [*container.get("args", []), *container.get("command", [])]
            found = CliRunner().invoke(main, [*words, "--help"])
            assert found.exit_code == 0, found.output
            if "securityContext" in container:  # Kubernetes
                assert container["securityContext"]["readOnlyRootFilesystem"] is True
                assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            else:
                assert container["read_only"] is True
                assert container["cap_drop"] == ["ALL"]


def test_a_drain_fits_into_the_time_before_the_kill() -> None:
    drain_s = Settings.model_fields["drain_s"].default
    (deployment,) = documents(DEPLOY / "kustomize" / "deployment.yaml")
    pod = deployment["spec"]["template"]["spec"]
    pause_s = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] >= drain_s + pause_s
    for name in ("compose.yaml", "compose.scale.yaml"):
        (compose,) = documents(DEPLOY / name)
        grace = compose["services"]["darkroom"]["stop_grace_period"]
        assert int(grace.removesuffix("s")) > drain_s
    unit = (DEPLOY / "systemd" / "darkroom.service").read_text()
    found = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert found is not None
    assert int(found[1]) > drain_s


def test_traffic_goes_to_servers_and_not_to_the_migration() -> None:
    (deployment,) = documents(DEPLOY / "kustomize" / "deployment.yaml")
    (service,) = documents(DEPLOY / "kustomize" / "service.yaml")
    (migration,) = documents(DEPLOY / "kustomize" / "migrate.yaml")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    wanted = service["spec"]["selector"].items()
    assert wanted <= labels.items()
    assert not wanted <= migration["spec"]["template"]["metadata"]["labels"].items()


def test_kustomize_names_every_file_that_is_there() -> None:
    folder = DEPLOY / "kustomize"
    (kustomization,) = documents(folder / "kustomization.yaml")
    named = {"kustomization.yaml", *kustomization["resources"]}
    for generator in (*kustomization["configMapGenerator"], *kustomization["secretGenerator"]):
        named |= {*generator.get("envs", []), *generator.get("files", [])}
    assert named == {path.name for path in folder.iterdir()}


def test_the_image_holds_what_the_lock_names() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "--constraints requirements.lock" in text
    assert "--verify-hashes" in text
    sent = set((ROOT / ".dockerignore").read_text().split("!")[1:])
    copied = re.search(r"^COPY (pyproject.+) \./$", text, re.MULTILINE)
    assert copied is not None
    for name in [*copied[1].split(), "src", "packages"]:
        assert any(line.strip().splitlines()[0] == name for line in sent), name
        assert (ROOT / name).exists()


def test_the_schema_is_moved_by_one_container_and_by_no_server() -> None:
    (migration,) = documents(DEPLOY / "kustomize" / "migrate.yaml")
    (deployment,) = documents(DEPLOY / "kustomize" / "deployment.yaml")
    [mover] = migration["spec"]["template"]["spec"]["containers"]
    [server] = deployment["spec"]["template"]["spec"]["containers"]
    assert migration["kind"] == "Job"
    assert mover["args"] == ["db", "migrate"]
    assert (mover["image"], mover["envFrom"]) == (server["image"], server["envFrom"])
    assert server["args"][0] == "serve"

    (compose,) = documents(DEPLOY / "compose.scale.yaml")
    services = compose["services"]
    assert services["migrate"]["command"] == ["db", "migrate"]
    assert services["migrate"]["environment"] == services["darkroom"]["environment"]
    assert "deploy" not in services["migrate"]  # however many servers there are, it is one
    condition = services["darkroom"]["depends_on"]["migrate"]["condition"]
    assert condition == "service_completed_successfully"


def test_a_rollout_takes_no_pod_away_before_another_is_ready() -> None:
    (deployment,) = documents(DEPLOY / "kustomize" / "deployment.yaml")
    (disruption,) = documents(DEPLOY / "kustomize" / "disruption.yaml")
    spec = deployment["spec"]
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert 1 <= disruption["spec"]["minAvailable"] < spec["replicas"]
    chosen = disruption["spec"]["selector"]["matchLabels"].items()
    assert chosen <= spec["template"]["metadata"]["labels"].items()
    [server] = spec["template"]["spec"]["containers"]
    paths = {
        name: server[f"{name}Probe"]["httpGet"]["path"]
        for name in ("startup", "liveness", "readiness")
    }
    # a database that is away must not restart every pod: only readiness depends on others
    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
