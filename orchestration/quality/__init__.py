"""What must be true of the marts before anybody reads them (Great Expectations)."""
