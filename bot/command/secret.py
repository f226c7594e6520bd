"""Knowing an AWS secret when somebody types one, so that it is neither kept nor repeated."""

import re
import unicodedata
from typing import Final

from bot.command.words import unescaped

_KEY_ID: Final = re.compile(r"(?<![A-Z0-9])A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}(?![A-Z0-9])")
_TOKEN_START: Final = re.compile(r"(?:FwoGZXIvYXdz|IQoJb3JpZ2lu|FQoGZXIvYXdz)[A-Za-z0-9/+=]{20,}")
_RUN: Final = re.compile(r"[A-Za-z0-9/+]{40,}")
_SECRET_LENGTH: Final = 40  # characters of a secret access key
_TOKEN_LENGTH: Final = 100  # characters; session tokens have several hundred


def holds_secret(text: str) -> bool:
    """Whether there is an access key id, a secret access key or a session token in the text.

    Key ids and tokens are known by how they begin, the rest by length and mixture; a commit's
    hash or a path in small letters is not taken for one.
    """
    letters = (one for one in unescaped(text) if unicodedata.category(one) != "Cf")
    seen = unicodedata.normalize("NFKC", "".join(letters))
    if _KEY_ID.search(seen) or _TOKEN_START.search(seen):
        return True
    return any(_is_random(run) for run in _RUN.findall(seen))


def _is_random(run: str) -> bool:
    if len(run) != _SECRET_LENGTH and len(run) < _TOKEN_LENGTH:
        return False
    mixed = any(one.islower() for one in run) and any(one.isupper() for one in run)
    return mixed and any(one.isdigit() or one == "+" for one in run)
