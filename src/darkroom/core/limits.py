"""What one API key may ask for within a minute, at once and in all, and what is left of that."""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """None: as the installation's settings say. 0: no limit."""

    requests_per_minute: int | None = None
    images_per_minute: int | None = None
    bytes_per_minute: int | None = None
    """Of input images that are taken in; what is stored already counts nothing."""
    max_concurrent: int | None = None
    """Jobs that wait or run at the same time."""
    stored_bytes: int | None = None
    """Of all images of its account; with so many it gets no more jobs or files."""

    def over(self, usual: "KeyLimits") -> "KeyLimits":
        """With what is not said here taken from ``usual``."""
        missing = {
            field.name: getattr(usual, field.name)
            for field in fields(self)
            if getattr(self, field.name) is None
        }
        return replace(self, **missing) if missing else self

    @property
    def unlimited(self) -> bool:
        """Whether jobs may come as fast and as many as they like."""
        return not (
            self.requests_per_minute
            or self.images_per_minute
            or self.bytes_per_minute
            or self.max_concurrent
        )


@dataclass(frozen=True, slots=True)
class Allowance:
    """One limit as it stands: ``remaining`` of ``limit`` now, and all of it after ``reset_s``.

    ``name`` is requests, images, bytes or concurrent; the last has no time by which it is reset.
    """

    name: str
    limit: int
    remaining: int
    reset_s: float | None = None
