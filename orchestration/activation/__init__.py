"""Brings each audience into its tool, after what it is read from was published."""
