"""Scenes: everything from an empty board to a composed picture, one module per kind."""
