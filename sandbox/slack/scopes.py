"""The OAuth scopes of the Web API's methods, as data, and the refusal of a call that lacks one.

Source: the `Scopes` of each method's page under docs.slack.dev/reference/methods.
"""

from collections.abc import Mapping
from typing import Final

from sandbox.slack.core import Slack
from sandbox.slack.values import Json, SlackError

_BY_METHOD: Final[Mapping[str, frozenset[str]]] = {
    "apps.connections.open": frozenset({"connections:write"}),
    "auth.test": frozenset(),
    "chat.delete": frozenset({"chat:write"}),
    "chat.getPermalink": frozenset(),
    "chat.postEphemeral": frozenset({"chat:write"}),
    "chat.postMessage": frozenset({"chat:write"}),
    "chat.update": frozenset({"chat:write"}),
    "conversations.info": frozenset({"channels:read", "groups:read", "im:read"}),
    "conversations.open": frozenset({"im:write"}),
    "files.completeUploadExternal": frozenset({"files:write"}),
    "files.getUploadURLExternal": frozenset({"files:write"}),
    "usergroups.users.list": frozenset({"usergroups:read"}),
    "users.info": frozenset({"users:read"}),
    "users.lookupByEmail": frozenset({"users:read.email"}),
    "views.open": frozenset(),
    "views.publish": frozenset(),
    "views.push": frozenset(),
    "views.update": frozenset(),
}
METHODS: Final = frozenset(_BY_METHOD)
"""The methods whose scopes are known."""

_ON_THE_APP_TOKEN: Final = frozenset({"connections:write"})
"""App-level tokens are made by hand, with their scopes; no manifest speaks of them."""


class _MissingScopeError(SlackError):
    """`missing_scope`, with the scopes that would do and those that the token has."""

    def __init__(self, needed: frozenset[str], provided: frozenset[str]) -> None:
        super().__init__("missing_scope")
        self._needed = ",".join(sorted(needed))
        self._provided = ",".join(sorted(provided))

    def answer(self) -> Json:
        return {**super().answer(), "needed": self._needed, "provided": self._provided}


def scopes_of(method: str) -> frozenset[str]:
    """The scopes of which a call of the method needs one; none if it needs none at all.

    Which one conversations.info needs depends on the kind of channel. An e-mail address in the
    answer of users.info takes `users:read.email` besides. An unknown method raises `KeyError`.
    """
    return _BY_METHOD[method]


def check(slack: Slack, method: str, args: Json) -> None:
    """Refuses a call for which the manifest declares no scope; without a manifest, none."""
    manifest = slack.manifest
    needed = scopes_of(method) - _ON_THE_APP_TOKEN
    if method == "conversations.info" and any(map(manifest.grants, needed)):
        needed = _for_the_kind(slack, str(args.get("channel", ""))) or needed
    if needed and not any(map(manifest.grants, needed)):
        raise _MissingScopeError(needed, manifest.scopes)


def _for_the_kind(slack: Slack, channel_id: str) -> frozenset[str]:
    channel = slack.workspace.channels.get(channel_id)
    return frozenset() if channel is None else frozenset({channel.read_scope})
