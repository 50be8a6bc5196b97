"""All that is done to foreign image bytes: looked at here, decoded in processes that may die.

The server's own process reads headers (``inspect``) and nothing else. Whatever needs a decoder runs
through ``pool.in_pool``. The workers import this room, so it stays light: no database, no HTTP.
"""
