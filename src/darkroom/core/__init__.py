"""The words and shapes that every room shares. Pure Python: no framework, no I/O."""
