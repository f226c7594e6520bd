"""What Slack sends: taken down at the desk, acknowledged, and left to the payer.

In a listener nothing is decided, and nothing waits for the network but the opening of a window,
which Slack allows for three seconds only.
"""

from slack_bolt import App

from bot.desk import Desk
from bot.listeners import buttons, commands, forms, glass, home, log, others


def register(app: App, desk: Desk) -> None:
    """All listeners, the catch-alls last: Bolt asks them in this order."""
    commands.register(app, desk)
    buttons.register(app, desk)
    log.register(app, desk)
    forms.register(app, desk)
    glass.register(app, desk)
    home.register(app, desk)
    others.register(app, desk.aside)
