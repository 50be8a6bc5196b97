"""The Grafana dashboard asks for metrics and labels that exist."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from darkroom.telemetry.metrics import Metrics

DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana" / "darkroom.json"
SCRAPED = frozenset(("job", "instance", "le"))
"""Labels that Prometheus adds itself, and that of histograms."""
_NAME = re.compile(r"[a-zA-Z_:][\w:]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}")
_GROUPED = re.compile(r"\b(?:by|without)\s*\(([^)]*)\)")
_FUNCTIONS = frozenset(
    ("sum", "rate", "max", "min", "count", "by", "topk", "histogram_quantile", "or", "and")
)


def known() -> dict[str, frozenset[str]]:
    """Every series that a scrape can show, with its labels."""
    metrics = Metrics()
    found: dict[str, frozenset[str]] = {}
    for one in metrics.described:
        labels = frozenset(one.labels)
        parts = ("_bucket", "_sum", "_count") if one.kind == "histogram" else ("",)
        found |= {one.name + part: labels for part in parts}
    for family in metrics.registry.collect():
        if not family.name.startswith("darkroom_"):
            found |= {sample.name: frozenset(sample.labels) for sample in family.samples}
    return found


def expressions(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["expr"]] if "expr" in node else []
        return own + [one for value in node.values() for one in expressions(value)]
    return [one for value in node for one in expressions(value)] if isinstance(node, list) else []


def problems(expression: str) -> list[str]:
    """Metrics and labels of a PromQL expression that do not exist."""
    series, found = known(), []
    plain = _STRING.sub('""', expression.replace("$__rate_interval", "5m"))
    labels: set[str] = set()
    for name, matchers in _SELECTOR.findall(plain):
        if name not in series:
            found.append(f"no metric {name}")
        labels |= series.get(name, frozenset())
        has = series.get(name, frozenset()) | SCRAPED
        asked = _NAME.findall(matchers)
        found += [f"{name} has no label {one}" for one in asked if one not in has]
    for group in _GROUPED.findall(plain):
        found += [f"no label {one}" for one in _NAME.findall(group) if one not in labels | SCRAPED]
    rest = _GROUPED.sub("", _SELECTOR.sub("", plain)).replace("[5m]", "")
    unknown = set(_NAME.findall(re.sub(r"\b1e9\b", "", rest))) - _FUNCTIONS
    return found + [f"{name} is not selected by process" for name in unknown]


def test_every_expression_asks_for_what_there_is() -> None:
    asked = expressions(json.loads(DASHBOARD.read_text(encoding="utf-8")))
    assert len(asked) > 40
    assert [f"{one}: {found}" for one in asked if (found := problems(one))] == []


def test_every_metric_is_on_the_dashboard() -> None:
    asked = " ".join(expressions(json.loads(DASHBOARD.read_text(encoding="utf-8"))))
    unused = [one.name for one in Metrics().described if one.name not in asked]
    assert unused == ["darkroom_image_bytes_total"]


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        (
            "sum(rate(darkroom_jobs_endet_total{job=~'x'}[5m]))",
            "no metric darkroom_jobs_endet_total",
        ),
        ('sum(darkroom_holds{modle="x"})', "darkroom_holds has no label modle"),
        ("sum by (modle) (darkroom_holds{})", "no label modle"),
        ("max(darkroom_holds)", "darkroom_holds is not selected by process"),
    ],
)
def test_mistakes_are_noticed(expression: str, problem: str) -> None:
    assert problem in problems(expression)


def test_panels_are_whole() -> None:
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert panel["type"] == "row" or (panel["targets"] and panel["description"])
    variables = {one["name"] for one in board["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(panels))) - {"__rate_interval"}
    assert used == variables
