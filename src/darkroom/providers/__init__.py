"""One adapter per vendor, found through the ``darkroom.providers`` entry points."""
