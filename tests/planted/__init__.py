"""`python -m tests.planted`: each safety check is broken once, in a copy; the suite must see it."""
