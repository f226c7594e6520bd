"""What an app's manifest declares: scopes, events and the places where people find the app.

Source: docs.slack.dev/reference/app-manifest.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from sandbox.slack.values import Json


@dataclass(frozen=True)
class Manifest:
    """One app's declarations. Where no manifest was `given`, everything counts as declared."""

    given: bool = False
    scopes: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()
    shortcuts: frozenset[str] = frozenset()
    home_tab: bool = True
    messages_tab: bool = True

    @classmethod
    def read(cls, path: Path) -> Self:
        """The manifest in a file, YAML or JSON; what it leaves out is not declared."""
        document: Json = yaml.safe_load(path.read_text())
        features, settings = document.get("features", {}), document.get("settings", {})
        home = features.get("app_home", {})
        return cls(
            given=True,
            scopes=_names(document.get("oauth_config", {}).get("scopes", {}).get("bot")),
            events=_names(settings.get("event_subscriptions", {}).get("bot_events")),
            commands=_names(one["command"] for one in features.get("slash_commands", [])),
            shortcuts=_names(
                one["callback_id"]
                for one in features.get("shortcuts", [])
                if one["type"] == "global"
            ),
            home_tab=bool(home.get("home_tab_enabled")),
            messages_tab=bool(home.get("messages_tab_enabled")),
        )

    def grants(self, scope: str) -> bool:
        """Whether the bot token has a scope."""
        return not self.given or scope in self.scopes

    def subscribes(self, event: str) -> bool:
        """Whether the app hears of events of that type."""
        return not self.given or event in self.events

    def offers_command(self, command: str) -> bool:
        """Whether people can type that slash command."""
        return not self.given or command in self.commands

    def offers_shortcut(self, callback_id: str) -> bool:
        """Whether people find that global shortcut."""
        return not self.given or callback_id in self.shortcuts


def _names(declared: Any) -> frozenset[str]:
    return frozenset(declared or ())
