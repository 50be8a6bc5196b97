"""What a job becomes when an attempt has succeeded: its usage, its charge, its warnings. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from darkroom.assets import Kept
from darkroom.core.capability import ModelSpec
from darkroom.core.job import Asset, AssetKind, Attempt, AttemptState, Charge, Job, JobState
from darkroom.core.money import split
from darkroom.core.note import noted
from darkroom.core.price import charge, saved, total
from darkroom.core.request import ImageRequest
from darkroom.core.result import ProviderResult
from darkroom.core.size import Size
from darkroom.core.tokens import approximate_text_tokens, input_image_tokens, output_tokens
from darkroom.core.usage import Usage
from darkroom.core.warning import Warning
from darkroom.ledger import Asked, Capture
from darkroom.routing import Candidate


def succeeded(
    job: Job, candidate: Candidate, attempt: Attempt, result: ProviderResult, kept: Kept
) -> Job:
    """The job at its end, with what ``attempt`` brought."""
    request = candidate.plan.request
    said = result.said
    made = [asset for asset in kept.assets if asset.kind is AssetKind.RESULT]
    usage = _usage(candidate.model, request, result, len(made))
    return replace(
        job,
        state=JobState.SUCCEEDED,
        finished_at_ms=attempt.finished_at_ms,
        model=candidate.model.id,
        deployment=attempt.deployment,
        output=replace(result.output, background="transparent") if kept.matted else result.output,
        usage=usage,
        charge=_charge(job, candidate, usage, _upstream_images(kept.assets)),
        warnings=(
            *job.warnings,
            *asked_on((*job.attempts, attempt)),
            *candidate.plan.warnings,
            *result.warnings,
            *kept.warnings,
            *(() if said is not None else _missing(request.n, len(made))),
        ),
        note=job.note if said is None else noted(job.note, said),
    )


def capture(job: Job, attempt: Attempt, charge: Charge, cost_nanos: int | None = None) -> Capture:
    """What the ledger is told: beyond the hold only what the upstream's own usage proves.

    ``cost_nanos`` is what the vendor says that it charges us.
    """
    return Capture(
        job_id=job.id,
        attempt=attempt.number,
        lines=charge.lines,
        at_ms=attempt.finished_at_ms or 0,
        proven=job.usage is not None and job.usage.reported,
        model=attempt.model,
        provider=attempt.provider,
        deployment=attempt.deployment,
        cost_nanos=cost_nanos,
        images=len(job.results),
    )


def asked_last(job: Job) -> Asked:
    """Whom a job that came to nothing is counted with."""
    if not job.attempts:
        return Asked(job.request.model)
    last = job.attempts[-1]
    return Asked(last.model, last.provider, last.deployment)


def asked_on(attempts: Sequence[Attempt]) -> tuple[Warning, ...]:
    """The note that another deployment was asked after a refusal, as the policy allows."""
    refused = [one for one in attempts[:-1] if one.state is AttemptState.REFUSED]
    if not refused:
        return ()
    names = ", ".join(one.deployment for one in refused)
    after = attempts[-1].deployment
    return (
        Warning(
            "asked_after_refusal",
            f"{names} refused the request on policy; {after} was asked, as the key allows.",
            asked=names,
            used=after,
        ),
    )


def closed(attempt: Attempt, result: ProviderResult, finished_at_ms: int) -> Attempt:
    """The attempt as it goes into the record."""
    return replace(
        attempt,
        state=AttemptState.SUCCEEDED,
        finished_at_ms=finished_at_ms,
        upstream_id=result.upstream_id,
    )


def _usage(model: ModelSpec, request: ImageRequest, result: ProviderResult, made: int) -> Usage:
    """What the upstream counted; by the catalogue's tables where it did not say.

    Of images that arrived but could not be used, the output tokens are not charged: the
    aggregate is shared out evenly over all that arrived.
    """
    arrived = len(result.images)
    usage = result.usage or (
        Usage() if result.said and not arrived else _counted(model, request, arrived)
    )
    if (line := result.mainline) is not None:
        usage = replace(
            usage,
            mainline_in=line.mainline_in,
            mainline_cached_in=line.mainline_cached_in,
            mainline_out=line.mainline_out,
        )
    if made == arrived:
        return usage
    shares = split(usage.image_out, [1] * arrived)
    return replace(usage, image_out=sum(shares[:made]))


def _counted(model: ModelSpec, request: ImageRequest, images: int) -> Usage:
    size = Size.parse(request.size) or model.sizes.default
    image_in = sum(
        input_image_tokens(model, Size(image.width, image.height), request.input_fidelity)
        for image in request.inputs
    )
    text_in = approximate_text_tokens(request.prompt) + model.tokens.text_overhead
    return Usage(
        text_in=text_in * model.calls(images),
        image_in=image_in * model.calls(images),
        image_out=output_tokens(model, request.quality, size) * images
        + model.tokens.partial_image * request.partial_images,
        reported=False,
    )


def _charge(job: Job, candidate: Candidate, usage: Usage, images: Sequence[Asset]) -> Charge | None:
    if job.quote is None:
        return None
    read = [image.width * image.height for image in job.request.inputs]
    snapshot = job.quote.snapshots[candidate.route.deployment.id]
    lines = charge(
        snapshot,
        usage,
        len(images),
        [asset.width * asset.height for asset in images],
        read * candidate.model.calls(len(images)),
    )
    return Charge(total(lines), lines, saved(snapshot, lines))


def _upstream_images(assets: Sequence[Asset]) -> list[Asset]:
    """The images as the upstream made them: the original where the result was fitted."""
    by_position = {a.position: a for a in assets if a.kind is AssetKind.RESULT}
    by_position |= {a.position: a for a in assets if a.kind is AssetKind.ORIGINAL}
    return list(by_position.values())


def _missing(asked: int, made: int) -> tuple[Warning, ...]:
    if made >= asked:
        return ()
    return (
        Warning(
            "images_missing",
            f"{made} of {asked} images arrived.",
            param="n",
            asked=str(asked),
            used=str(made),
        ),
    )
