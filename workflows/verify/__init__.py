"""Proves with real calls, and with AWS's simulation, that what setup made is so."""
