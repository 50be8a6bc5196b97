"""``python -m darkroom``."""

from darkroom.cli import main

main()
