"""What AWS's IAM and STS do, as checks that can be put to the sandbox and to real accounts alike.

`python -m tests.conformance` prints a table; under pytest every check is a test of the sandbox.
"""
