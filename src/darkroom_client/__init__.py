"""The Python SDK: a typed client of a Darkroom server."""
