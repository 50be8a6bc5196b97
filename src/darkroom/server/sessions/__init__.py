"""Browsers that are signed in: one-time links, sessions in the database, and their cookie."""

from darkroom.server.sessions.guesses import Guesses
from darkroom.server.sessions.retention import sessions_chore
from darkroom.server.sessions.service import SIGN_IN_S, Lifetimes, Sessions, SignedIn

__all__ = ["SIGN_IN_S", "Guesses", "Lifetimes", "Sessions", "SignedIn", "sessions_chore"]
