"""Bring everything up to date for those whom something may have changed for."""
