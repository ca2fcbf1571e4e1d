"""Segments: their files, what each section of a file declares, and their order."""
