"""Decisions: an observer who accumulates evidence, and one who detects or discriminates."""
