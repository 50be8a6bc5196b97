"""Tells of tests that passed only at their second try: each is a race that somebody should find."""

import pytest

SECOND_TRY = "second try"
"""The property of a report that holds what went wrong at the first."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.stats.get("passed", []):
        why = dict(report.user_properties).get(SECOND_TRY)
        if why is not None and report.when == "call":
            terminalreporter.section(f"passed at the second try: {report.nodeid}")
            terminalreporter.line(str(why))
