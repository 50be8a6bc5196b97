"""How far a job is, as task APIs show it: measured by previews, else guessed from the clock."""

from darkroom.core.job import AssetKind, Job, JobState

_USUAL_S = {"low": 15, "medium": 30, "high": 60}
"""What gpt-image models usually take; more for large sizes, but this is a guess anyway."""
_UNKNOWN_S = 45
_GUESS_MAX = 95


def estimated_s(job: Job) -> int:
    """How many seconds such a job usually takes."""
    return _USUAL_S.get(job.request.quality, _UNKNOWN_S)


def progress(job: Job, now_ms: int) -> int:
    """0 to 100; 100 only when it succeeded, 0 when it failed or was canceled."""
    if job.state.final:
        return 100 if job.state is JobState.SUCCEEDED else 0
    if job.started_at_ms is None:
        return 0
    previews = len(job.assets_of(AssetKind.PARTIAL))
    if previews:
        return min(_GUESS_MAX, 100 * previews // (job.request.partial_images + 1))
    elapsed_s = max(0, now_ms - job.started_at_ms) / 1000
    return min(_GUESS_MAX, max(1, int(100 * elapsed_s / estimated_s(job))))
