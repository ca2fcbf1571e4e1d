"""Tells somebody when a run fails."""
