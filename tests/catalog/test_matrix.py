"""Every parameter on every model: sent, done here, bent, left out or refused, never silently."""

from dataclasses import fields

import pytest

from darkroom.catalog import Catalog, plan
from darkroom.catalog.matrix import (
    LEFT_OUT_OF_IT,
    TRIALS,
    Outcome,
    Trial,
    Verdict,
    alike,
    done_here,
    verdict,
)
from darkroom.core.capability import ModelSpec
from darkroom.core.errors import RequestError
from darkroom.core.request import ImageRequest

MODELS = Catalog.load().models
LABELS = {trial.label: trial for trial in TRIALS}


def spec(name: str) -> ModelSpec:
    return next(model for model in MODELS if model.id == name)


def test_every_parameter_of_a_request_is_asked_about() -> None:
    named = {field.name for field in fields(ImageRequest)}
    assert {trial.param for trial in TRIALS} == named - LEFT_OUT_OF_IT
    assert len(LABELS) == len(TRIALS)


def asked_and_got(trial: Trial, model: ModelSpec, emulate: bool) -> str:
    """What is wrong with what becomes of a trial; empty: nothing."""
    request = trial.request()
    said = verdict(trial, model, emulate=emulate)
    try:
        planned = plan(request, model, emulate=emulate)
    except RequestError as error:
        return "" if said == Verdict(Outcome.REFUSED) and error.param else "refused otherwise"
    used = getattr(planned.request, trial.param)
    finish = planned.finish
    match said.outcome:
        case Outcome.SENT:
            # high fidelity where there is no other is no parameter of the model
            met = trial.param == "input_fidelity" and model.tokens.always_high_fidelity
            return "" if used == trial.value or met else "changed without a word"
        case Outcome.EMULATED:
            done = {
                "mask": finish.composite is not None,
                "size": str(finish.size) == trial.value,
                "background": finish.matte,
                "output_format": finish.format == trial.value,
                "output_compression": finish.compression == trial.value,
            }
            return "" if emulate and done[trial.param] and said.codes else "not done"
        case Outcome.BENT | Outcome.LEFT_OUT:
            return "" if used != trial.value and said.codes else "said without reason"
        case Outcome.REFUSED:
            return "not refused"


@pytest.mark.parametrize("emulate", [True, False])
@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.label)
def test_what_the_matrix_says_is_what_the_check_does(trial: Trial, emulate: bool) -> None:
    wrong = {model.id: asked_and_got(trial, model, emulate) for model in MODELS}
    assert not {name: what for name, what in wrong.items() if what}


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.label)
def test_without_emulation_nothing_is_done_here(trial: Trial) -> None:
    plain = LABELS["output_format=png"]
    for model in MODELS:
        if verdict(plain, model, emulate=False).outcome is Outcome.REFUSED:
            continue  # it makes no PNG, so any request that asks for no other format is refused
        usual, strict = verdict(trial, model), verdict(trial, model, emulate=False)
        if usual.outcome is Outcome.EMULATED:
            # compression may be left out by whoever lets nothing be done
            assert strict.outcome in (Outcome.REFUSED, Outcome.LEFT_OUT)
        elif usual.outcome is not Outcome.BENT:
            assert strict == usual


KNOWN: list[tuple[str, str, Outcome, str]] = [
    ("gpt-image-1", "mask=an image", Outcome.SENT, ""),
    ("gemini-3-pro-image", "mask=an image", Outcome.EMULATED, "mask_composited"),
    ("flux-2-pro", "mask=an image", Outcome.EMULATED, "mask_composited"),
    ("dall-e-3", "mask=an image", Outcome.REFUSED, ""),
    ("gpt-image-2", "background=transparent", Outcome.SENT, ""),
    ("flux-2-pro", "background=transparent", Outcome.EMULATED, "background_matted"),
    (
        "flux-2-pro",
        "background=transparent with output_format=jpeg",
        Outcome.REFUSED,
        "",
    ),
    ("gemini-3-pro-image", "output_format=webp", Outcome.EMULATED, "format_converted"),
    ("gpt-image-2.5-flare", "output_format=gif", Outcome.REFUSED, ""),
    ("gpt-image-2.6-flare", "output_format=gif", Outcome.SENT, ""),
    ("gpt-image-1.5", "size=1792x1024", Outcome.EMULATED, "size_fitted"),
    ("gpt-image-2", "size=1792x1024", Outcome.SENT, ""),
    ("gpt-image-1.5", "quality=max", Outcome.BENT, "value_mapped"),
    ("gpt-image-2.5-flare", "quality=max", Outcome.SENT, ""),
    ("flux-2-pro", "quality=high", Outcome.LEFT_OUT, "parameter_dropped"),
    ("gpt-image-1", "seed=7", Outcome.LEFT_OUT, "parameter_dropped"),
    ("flux-2-pro", "seed=7", Outcome.SENT, ""),
    ("gpt-image-2", "input_fidelity=high", Outcome.SENT, ""),
    ("gpt-image-2", "input_fidelity=low", Outcome.REFUSED, ""),
    ("dall-e-3", "n=2", Outcome.REFUSED, ""),
]


@pytest.mark.parametrize(("model", "label", "outcome", "code"), KNOWN)
def test_known_answers(model: str, label: str, outcome: Outcome, code: str) -> None:
    found = verdict(LABELS[label], spec(model))
    assert found.outcome is outcome
    assert (code in found.codes) if code else not found.codes


def test_what_is_done_here_for_a_model_is_listed_by_parameter() -> None:
    for model in MODELS:
        verdicts = {trial: verdict(trial, model).outcome for trial in TRIALS}
        here = {trial.param for trial, found in verdicts.items() if found is Outcome.EMULATED}
        assert set(done_here(model)) == here
    assert done_here(spec("gpt-image-1")) == ("size",)


def test_models_that_answer_alike_stand_together() -> None:
    groups = alike(MODELS)
    assert sorted(model.id for group in groups for model in group) == sorted(m.id for m in MODELS)
    for group in groups:
        for trial in TRIALS:
            assert len({verdict(trial, model) for model in group}) == 1
    assert [spec("gpt-image-1"), spec("gpt-image-1.5")] in [list(group) for group in groups]
