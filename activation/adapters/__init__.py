"""What each tool needs to be told, behind the same few methods."""
