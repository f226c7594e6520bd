"""Drift: what AWS holds is compared with the rows, and what differs is closed or alerted.

Nothing that a human put there is removed by itself, and a read that failed says nothing.
"""
