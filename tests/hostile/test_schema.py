"""A few requests from each document of the API.

The long form: ``python -m tests.hostile schema``.
"""

from collections.abc import Iterator

import pytest

from darkroom.server.openapi import NAMES
from tests.hostile.schema import Plan, gateway_of, survey
from tests.support.running import Running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with gateway_of(tmp_path_factory.mktemp("schema")) as server:
        yield server


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_one_of_the_document(gateway: Running, name: str) -> None:
    found = survey(gateway, name, Plan(cases=2))
    assert found.wrong == {}
    assert found.cases >= 5
