"""Onboarding: what a catalog wants in its accounts, what is there, the calls between them."""
