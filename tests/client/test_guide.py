"""The guide's code runs, word for word."""

import re
from contextlib import ExitStack
from pathlib import Path

import pytest

from darkroom_client import Client
from tests.support.running import Running

GUIDE = Path(__file__).parents[2] / "docs/guides/sdk.md"


def test_the_guide_runs_from_top_to_bottom(
    gateway: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_BASE_URL", gateway.url)
    monkeypatch.setenv("DARKROOM_API_KEY", gateway.key)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 6
    names: dict[str, object] = {}
    with ExitStack() as stack:
        for block in blocks:
            exec(compile(block, str(GUIDE), "exec"), names)  # noqa: S102 - our own guide
            client = names["client"]
            assert isinstance(client, Client)
            stack.callback(client.close)
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert "night.png" in made
    assert len(made) == 4
    assert {"bicycle.png", "preview-0.png", "preview-1.png"} <= {p.name for p in tmp_path.iterdir()}
