"""Slow proofs that generate their own tests: `make prove`."""
