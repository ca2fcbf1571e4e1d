"""Dagster: assets, checks, schedules, sensors and publishing."""
