"""Settling: making one target in AWS equal to what the rows say.

Lease, observe, plan, note (commit), apply, read back, record. Safe to run twice, safe to die
anywhere: whoever comes next reads the rows, reads AWS, and goes on.
"""
