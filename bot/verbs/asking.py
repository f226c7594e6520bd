"""Asking: request, extend, cancel."""

from collections.abc import Sequence
from typing import Any

from bot import answers
from bot.blocks import code
from bot.command import said
from bot.verbs.heard import Deed, Heard, role_for
from workflows import access, identity
from workflows.errors import Refused, Trouble
from workflows.world import World


def request(world: World, heard: Heard, command: said.Request) -> Deed:
    """Files a request. Raises Refused."""
    catalog, by = world.catalog, heard.by
    if command.account is None or command.role is None:
        raise Refused("Say which role, in which account: `/xacct roles` shows yours.")
    role = role_for(catalog, by.user, command.account, command.role)
    if not command.reason:
        raise Refused(
            "Say why, so that an approver can decide: "
            f"`/xacct request {role.key} 1h` and then the reason."
        )
    if command.machine:
        grantee = identity.machine(catalog, by, command.machine)
    else:
        grantee = identity.own(catalog, by, role, _finder(world))
    ask = access.Ask(
        role=role,
        grantee=grantee,
        duration=command.duration or role.default_duration,
        reason=command.reason,
    )
    return lambda session: answers.filed(access.request(session, catalog, ask, by=by, now=heard.at))


def extend(world: World, heard: Heard, command: said.Extend) -> Deed:
    """Files a request for more time."""
    catalog = world.catalog
    return lambda session: answers.filed(
        access.extend(
            session,
            catalog,
            command.id,
            command.duration,
            command.reason,
            by=heard.by,
            now=heard.at,
        )
    )


def cancel(world: World, heard: Heard, command: said.Cancel) -> Deed:
    """Takes a request back that nobody has decided on."""
    catalog = world.catalog
    return lambda session: answers.cancelled(
        access.cancel(session, catalog, command.id, by=heard.by, now=heard.at)
    )


def cancel_pressed(world: World, heard: Heard, asked: dict[str, Any]) -> Deed:
    """Takes back the request that the button was on."""
    return cancel(world, heard, said.Cancel(int(asked["request"])))


def _finder(world: World) -> identity.FindByTag:
    """Looks users up in AWS. Raises Refused when AWS does not say."""

    def find(key: str, value: str) -> Sequence[str]:
        home = world.catalog.grantee
        try:
            return world.managers.fenced(home.manager_arn, home.external_id).iam.user_names_by_tag(
                key, value
            )
        except Trouble as trouble:
            raise Refused(
                f"AWS did not say which IAM user is yours ({code(str(trouble))}), so nothing was "
                "asked. Please try again."
            ) from None

    return find
