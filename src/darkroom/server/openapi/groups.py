"""Every document by its name."""

from collections.abc import Mapping

from darkroom.server.openapi.apiframe import APIFRAME
from darkroom.server.openapi.evolink import EVOLINK
from darkroom.server.openapi.native import DARKROOM
from darkroom.server.openapi.openai import OPENAI
from darkroom.server.openapi.operations import Group
from darkroom.server.openapi.responses import RESPONSES

GROUPS: Mapping[str, Group] = {
    group.name: group for group in (OPENAI, RESPONSES, APIFRAME, EVOLINK, DARKROOM)
}
