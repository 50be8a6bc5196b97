"""Damaged files through all that a worker does: nothing crashes, hangs or swells.

The long form: ``python -m tests.hostile images --mutations 100000``.
"""

import asyncio
from itertools import islice

from tests.hostile.mutations import mutations, seeds
from tests.hostile.survey import survey

_MUTATIONS = 400


def test_mutations_of_valid_files_do_no_harm() -> None:
    found = asyncio.run(survey(islice(mutations(seeds()), _MUTATIONS)))
    assert found.wrong == {}
    assert found.files == _MUTATIONS
    # All three ways are walked, or the mutations are of no use.
    assert min(found.refused_by_header, found.refused_by_worker, found.accepted) > _MUTATIONS // 20


def test_mutations_are_the_same_for_a_seed() -> None:
    files = seeds()
    first, again = list(islice(mutations(files), 60)), list(islice(mutations(files), 60))
    assert first == again
    assert first != list(islice(mutations(files, 1), 60))
