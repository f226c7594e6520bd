"""What Slack sends: taken down at the desk, acknowledged, and left to the payer.

In a listener nothing waits for the network, and nothing is decided.
"""

from slack_bolt import App

from bot.desk import Desk
from bot.listeners import buttons, commands, others


def register(app: App, desk: Desk) -> None:
    """All listeners, the catch-alls last: Bolt asks them in this order."""
    commands.register(app, desk)
    buttons.register(app, desk)
    others.register(app, desk)
