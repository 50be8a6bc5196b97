"""A test with a browser that fails is run once more, and what passes only then is named at the end.

Chromium, its driver and a server share two cores with three other processes here, and a step that a
person would take late comes early at times. What is broken fails twice.
"""

import pytest
from _pytest.runner import runtestprotocol  # what pytest itself runs a test with

from tests.support.second_tries import SECOND_TRY


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    failed = next((report for report in reports if report.failed), None)
    if failed is not None:
        item._initrequest()  # type: ignore[attr-defined]  # fixtures are made anew
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        for report in reports:
            report.user_properties.append((SECOND_TRY, failed.longreprtext))
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
