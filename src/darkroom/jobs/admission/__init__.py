"""Whether an API key may have one more job: decided inside the accepting transaction."""

from darkroom.jobs.admission.gate import Asked, admit, look

__all__ = ["Asked", "admit", "look"]
