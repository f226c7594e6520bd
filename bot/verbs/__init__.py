"""What a person said → the workflow's verb: names become values, and the answer becomes words.

Whatever must be asked of Slack or AWS is asked first; what comes back is a deed, which runs inside
one transaction and touches nothing but the database.
"""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy.orm import Session

from bot.blocks import Json
from bot.command import parse, said
from bot.verbs import (
    activity,
    alerts,
    asking,
    auditing,
    deciding,
    ending,
    glass,
    incidents,
    reading,
)
from bot.verbs.heard import Answer, Deed, Heard
from workflows import rules
from workflows.errors import Refused
from workflows.world import World

__all__ = ["Answer", "Deed", "Heard", "home", "prepare"]

Verb = Callable[[World, Heard, Any], Deed]

_TYPED: Final[dict[type, Verb]] = {
    said.Request: asking.request,
    said.Extend: asking.extend,
    said.BreakGlass: glass.break_glass,
    said.Sign: glass.sign,
    said.RevokeAll: incidents.revoke_all,
    said.Freeze: incidents.freeze,
    said.Thaw: incidents.thaw,
    said.Cancel: asking.cancel,
    said.Approve: deciding.show_to_approve,
    said.Deny: deciding.deny,
    said.Revoke: ending.revoke,
    said.List: reading.mine,
    said.Roles: reading.roles,
    said.Who: reading.who,
    said.Show: reading.show,
    said.Activity: activity.activity,
    said.Audit: auditing.log,
    said.Anchor: auditing.anchor,
}
_PRESSED: Final[dict[str, Verb]] = {
    "approve": deciding.approve,
    "revoke": ending.pressed,
    "cancel": asking.cancel_pressed,
    "retry": asking.retry,
    "leave": alerts.leave,
    "remove": alerts.remove,
    "page": auditing.page,
    "export": auditing.export,
}


def home(world: World, heard: Heard) -> Callable[[Session], Json]:
    """What App Home shows this person. Raises Refused."""
    rules.identified(heard.by, world.catalog)
    return reading.home(world, heard.by, heard.at)


def prepare(world: World, heard: Heard) -> Deed:
    """The deed that pays this row. Raises Refused."""
    rules.identified(heard.by, world.catalog)
    asked = heard.row.said
    what: Any = parse(str(asked["text"])) if "text" in asked else asked
    verb = _TYPED.get(type(what)) if "text" in asked else _PRESSED.get(heard.row.kind)
    if verb is None:
        raise Refused("xacct does not understand this any more. Try `/xacct help`.")
    return verb(world, heard, what)
