"""`python -m tests.bench [name]`: figures, never verdicts. They are of the machine it runs on."""
