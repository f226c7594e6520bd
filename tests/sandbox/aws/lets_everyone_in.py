"""A sandbox AWS with planted holes: no condition and no deny holds anybody up."""

import sys
from typing import Any

from sandbox.aws.__main__ import main
from sandbox.aws.loading import Ministack, ministack
from sandbox.aws.partition import Partition


def with_holes(partition: Partition) -> Ministack:
    parts = ministack(partition)
    first_match = parts.evaluator._first_match
    conditions_met = parts.evaluator._conditions_met

    def no_deny(context: Any, statements: Any, effect: str) -> Any:
        return None if effect == "Deny" else first_match(context, statements, effect)

    def any_condition(conditions: Any, context: Any) -> bool:
        conditions_met(conditions, context)
        return True

    parts.evaluator._first_match = no_deny
    parts.evaluator._conditions_met = any_condition
    return parts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], with_holes))
