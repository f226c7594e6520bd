"""Whom a message calls: people, user groups and everybody, as its mentions say.

Source: docs.slack.dev/messaging/formatting-message-text#advanced.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from sandbox.slack.values import Message

_USER: Final = re.compile(r"<@(\w+)(?:\|[^>]*)?>")
_GROUP: Final = re.compile(r"<!subteam\^(\w+)(?:\|[^>]*)?>")
_EVERYBODY: Final = re.compile(r"<!(?:channel|here|everyone)(?:\|[^>]*)?>")


def called(
    message: Message, members: Collection[str], usergroups: Mapping[str, Collection[str]]
) -> set[str]:
    """The `members` of its channel whom a message mentions, its author not among them.

    Where there are blocks they are what is shown, and a mention that stands in `text` alone is
    not counted; plain text mentions nobody.
    """
    spoken = list(_spoken(message.blocks)) if message.blocks else [message.text]
    whom: set[str] = set()
    for words in spoken:
        whom |= set(_USER.findall(words))
        for group in _GROUP.findall(words):
            whom |= set(usergroups.get(group, ()))
        if _EVERYBODY.search(words):
            whom |= set(members)
    return (whom & set(members)) - {message.user}


def _spoken(node: Any) -> Iterator[str]:
    """The texts inside blocks in which a mention is one; rich text in the form of mrkdwn."""
    if isinstance(node, list):
        for inside in node:
            yield from _spoken(inside)
    if not isinstance(node, dict):
        return
    match node.get("type"):
        case "mrkdwn" | "markdown":
            yield str(node["text"])
        case "user":
            yield f"<@{node.get('user_id')}>"
        case "usergroup":
            yield f"<!subteam^{node.get('usergroup_id')}>"
        case "broadcast":
            yield f"<!{node.get('range')}>"
        case _:
            yield from _spoken(list(node.values()))
