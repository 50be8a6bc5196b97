"""Typed notes of what was bent: they reach the caller, the job record and the report."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Warning:
    """``code`` is stable (``size_fitted``, ``model_retired`` …); ``message`` is for people."""

    code: str
    message: str
    param: str | None = None
    asked: str | None = None
    used: str | None = None
