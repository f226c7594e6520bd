"""The chaos proof, `python -m tests.chaos`: the real bot, killed, frozen and lied to everywhere."""
