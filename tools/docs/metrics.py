"""Generates the table of metrics from the metrics themselves."""

from darkroom.telemetry.metrics import Metrics

_HEAD = """\
# Metrics

What `GET /metrics` shows. [Operate](../guides/operate.md) says who may read it, and how.

A process tells of its own work: add up what several tell. *Shared* gauges speak of the whole
installation and are the same from each process: take the largest. They are `NaN` while the database
does not answer. Histograms have the usual `_bucket`, `_sum` and `_count`.

Beside these there are the process's own `process_*` (memory, CPU, file descriptors) and
`python_info`.

Source: `src/darkroom/telemetry/metrics.py`.

| Metric | Kind | Labels | Meaning |
|---|---|---|---|
"""


def render() -> str:
    """The page: one row per metric."""
    rows: list[str] = []
    for one in Metrics().described:
        kind = f"{one.kind}, shared" if one.shared else one.kind
        labels = ", ".join(f"`{label}`" for label in one.labels)
        rows.append(f"| `{one.name}` | {kind} | {labels} | {one.help} |")
    return _HEAD + "\n".join(rows)
