"""Whether the books are right: what must be true of the ledger's tables at any time."""

from darkroom.ledger.audit.records import faults

__all__ = ["faults"]
