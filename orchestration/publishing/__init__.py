"""Shows the marts to readers, when every critical check has passed."""
