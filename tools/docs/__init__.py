"""Keeps the documentation true: generated pages are fresh, links lead somewhere, commands exist."""
