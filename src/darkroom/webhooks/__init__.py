"""Telling the caller: endpoint rules, signing, delivery."""
