"""EvoLink's image tasks, as its clients and https://docs.evolink.ai speak them."""

from darkroom.dialects._tasks import USER_GROUP
from darkroom.dialects.evolink.dialect import NAME, PREFIXES, EvoLinkDialect
from darkroom.dialects.evolink.errors import envelope
from darkroom.dialects.evolink.errors import headers as error_headers

__all__ = ["NAME", "PREFIXES", "USER_GROUP", "EvoLinkDialect", "envelope", "error_headers"]
