"""Where people enter the app without a message of it: a global shortcut, the app's home."""

from sandbox.slack import client, payloads
from sandbox.slack.core import Slack
from sandbox.slack.screens import view_json
from sandbox.slack.values import Json, Refused, Reply


class Entrances:
    """The acts by which people come to the app; of another team they are not offered them."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    async def shortcut(self, *, user: str, callback_id: str, forged: bool = False) -> Reply:
        """Chooses one of the app's global shortcuts (docs.slack.dev/interactivity/shortcuts)."""
        slack = self._slack
        who = client.person(slack, user)
        if not forged:
            client.may_enter(who)
            if not slack.manifest.offers_shortcut(callback_id):
                raise Refused(f"the app has no shortcut {callback_id}")
        payload = payloads.shortcut(slack, who, callback_id)
        return await slack.sockets.deliver("interactive", payload)

    async def open_home(self, *, user: str, tab: str = "home") -> Reply:
        """Opens a tab of the app, `home` or `messages`, and the direct messages with it.

        The event carries the view that is on the home tab, if there is one
        (docs.slack.dev/reference/events/app_home_opened).
        """
        slack = self._slack
        who = client.person(slack, user)
        client.may_enter(who)
        tabs = {"home": slack.manifest.home_tab, "messages": slack.manifest.messages_tab}
        if not tabs[tab]:
            raise Refused(f"the app has no {tab} tab")
        event: Json = {
            "type": "app_home_opened",
            "user": who.id,
            "channel": slack.workspace.dm(who.id).id,
            "tab": tab,
            "event_ts": slack.workspace.stamp(),
        }
        shown = slack.homes.of(who.id)
        if tab == "home" and shown is not None:
            event["view"] = view_json(shown)
        return await slack.events.send(event)
