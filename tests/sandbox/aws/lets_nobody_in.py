"""A sandbox AWS with a planted fault: it trusts nobody."""

import sys

from sandbox.aws.__main__ import main
from sandbox.aws.loading import Ministack, ministack
from sandbox.aws.partition import Partition


def trusting_nobody(partition: Partition) -> Ministack:
    parts = ministack(partition)
    parts.evaluator.evaluate_trust_policy = lambda *_: False
    return parts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], trusting_nobody))
