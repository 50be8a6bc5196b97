"""Generates ``llms.txt`` and ``llms-full.txt`` from the documentation: https://llmstxt.org."""

import re
from pathlib import Path

_DOCS = Path(__file__).resolve().parents[2] / "docs"
_ORIGIN = "http://127.0.0.1:8000"
_FULL = (
    "start/index.md",
    "guides/agents.md",
    "guides/mcp.md",
    "guides/sdk.md",
    "reference/api.md",
    "reference/errors.md",
)
_LINK = re.compile(r"\[([^\]]*)\]\((?![a-z]+:)[^)]*\)")
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_ENTRY = re.compile(r"(?m)^- \[([^\]]+)\]\(([^)]+)\): (.+(?:\n  .+)*)")
_HEAD = f"""\
# Darkroom

> A self-hosted gateway for image generation and editing. It speaks OpenAI's Images and Responses
> APIs, runs every request as a durable job, and tells the exact price before and the charge after.

- OpenAI clients work unchanged with the base URL `{_ORIGIN}/v1` and a key of this server.
- Agents: MCP over streamable HTTP at `{_ORIGIN}/mcp`, with `Authorization: Bearer KEY`; or
  `darkroom mcp` over stdio. `darkroom skill install` adds the Agent Skill.
- Every call needs a key. `POST /v1/images/quote` has the price of a request without making it.
- Send an `Idempotency-Key`: the same key brings back the same job instead of buying another.

## Here

- [Everything in one file]({_ORIGIN}/llms-full.txt): start, agents, the Python client, the HTTP API,
  errors
- [Models]({_ORIGIN}/v1/models): what is served, with sizes, qualities and limits; needs a key
"""


def render() -> str:
    """The short text: what this is, and what the documentation has."""
    pages = "\n".join(
        f"- {title} (`docs/guides/{name}`): {' '.join(about.split())}"
        for title, name, about in _ENTRY.findall(_read("guides/index.md"))
    )
    return f"{_HEAD}\n## Guides, in the documentation\n\n{pages}\n"


def render_full() -> str:
    """The pages that an agent needs, one after the other."""
    pages = (_LINK.sub(r"\1", _COMMENT.sub("", _read(name))).strip() for name in _FULL)
    return "\n\n".join([_HEAD.strip(), *pages]) + "\n"


def _read(name: str) -> str:
    return (_DOCS / name).read_text(encoding="utf-8")
