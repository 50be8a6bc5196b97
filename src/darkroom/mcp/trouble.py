"""Errors as an agent needs them: what happened, whether to try again, and what helps."""

from pydantic import ValidationError

import darkroom_client as sdk

_DO_NOT = "Do not retry it unchanged."
_UNKNOWN_KEY = (
    f"{_DO_NOT} The API key of this connection is missing or wrong: ask the user to make one"
    " (`darkroom keys create NAME`) and to put it into the host's configuration."
)
_CORRECT = "Nothing was charged. Correct the arguments and call again; list_models says what fits."


class Trouble(Exception):
    """Told to the agent as the tool's result; the message says what to do next."""


def of_api(error: sdk.APIError) -> Trouble:
    """From an error of the SDK."""
    parts = [error.message.rstrip(), _advice(error)]
    if error.job_id:
        parts.append(f"Job: {error.job_id}.")
    if error.request_id:
        parts.append(f"Request: {error.request_id}.")
    return Trouble(" ".join(parts))


def of_arguments(error: ValidationError) -> Trouble:
    """From arguments that the schema does not allow."""
    said = "; ".join(
        f"{'.'.join(str(step) for step in one['loc']) or 'arguments'}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    )
    return Trouble(f"These arguments do not fit: {said}. Correct them and call again.")


def _refused(error: sdk.ContentPolicyViolation) -> str:
    why = f" ({', '.join(error.categories)})" if error.categories else ""
    return (
        f"Refused by moderation{why}; nothing was charged. {_DO_NOT} Change the prompt or the"
        " input images so that they keep to the policy, or tell the user."
    )


def _no_balance(error: sdk.InsufficientBalance) -> str:
    amounts = (
        f" It may cost up to {error.required}, and {error.available} is available."
        if error.required is not None and error.available is not None
        else ""
    )
    return (
        f"Nothing was charged.{amounts} {_DO_NOT} Ask for less (n, size, quality; estimate_cost"
        " has the price), or ask the user to pay in: `darkroom credits add ACCOUNT AMOUNT`."
    )


def _no_budget(error: sdk.BudgetExceeded) -> str:
    amounts = (
        f" {error.used} of {error.limit} is used."
        if error.used is not None and error.limit is not None
        else ""
    )
    named = f" The budget is '{error.which}'." if error.which else ""
    return (
        f"Nothing was charged.{named}{amounts} {_DO_NOT} Ask for less, or ask the user: an admin"
        " raises a key's budget with `PATCH /v1/keys/{key_id}`; a daily one is new after midnight"
        " UTC."
    )


def _not_found(error: sdk.NotFoundError) -> str:
    if error.code == "model_not_found":
        return "list_models has the names."
    return f"{_DO_NOT} Check the id: a job is found by the account that made it, until it expires."


def _busy(error: sdk.APIError) -> str:
    wait_s = error.facts.retry_after_s
    when = f"in {wait_s:.0f} s" if wait_s else "in a minute"
    return f"Nothing was charged. Retry {when}, with the same arguments."


def _not_reached(error: sdk.APIConnectionError) -> str:
    if not error.idempotency_key:
        return "Retry once; if it stays so, ask the user whether the Darkroom server runs."
    return (
        "Whether the job was accepted is unknown. Retry with the idempotency_key"
        f" '{error.idempotency_key}': it brings back that job if there is one, and buys nothing"
        " twice."
    )


def _failed(error: sdk.APIError) -> str:
    if error.retryable:
        return "Nothing was charged. Retrying may help."
    return "Nothing was charged. Retry once at most; another model may work."


def _advice(error: sdk.APIError) -> str:  # noqa: PLR0911 - one line for each kind of error
    match error:
        case sdk.ContentPolicyViolation():
            return _refused(error)
        case sdk.InsufficientBalance():
            return _no_balance(error)
        case sdk.BudgetExceeded():
            return _no_budget(error)
        case sdk.JobCanceled():
            return "Nothing was charged. Make a new job if it is still wanted."
        case sdk.AuthenticationError():
            return _UNKNOWN_KEY
        case sdk.PermissionDeniedError():
            return f"{_DO_NOT} This key may not do that; the user can use another."
        case sdk.NotFoundError():
            return _not_found(error)
        case sdk.BadRequestError() | sdk.ConflictError():
            return _CORRECT
        case sdk.APIConnectionError():
            return _not_reached(error)
        case sdk.RateLimitError():
            return _busy(error)
        case _:
            return _failed(error)
