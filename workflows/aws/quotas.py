"""An account's quotas, which change by the month: asked for seldom."""

import time
from collections.abc import Mapping
from typing import Final

from workflows.aws.fence import Fenced

FRESH: Final = 600.0
"""Seconds for which an answer is taken as it was."""


class Quotas:
    """Quotas by account. A raised quota is noticed within FRESH."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Mapping[str, int]]] = {}

    def of(self, fenced: Fenced) -> Mapping[str, int]:
        """The quotas of the account that this session is in. Raises Trouble."""
        asked, found = self._known.get(fenced.manager_arn, (-FRESH, {}))
        if time.monotonic() - asked >= FRESH:
            found = fenced.iam.quotas()
            self._known[fenced.manager_arn] = (time.monotonic(), found)
        return found
