"""One thin answer per field."""
