"""The raw data that the source systems deliver."""
