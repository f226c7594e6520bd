"""What forms are filled with, when it is known who opened them."""

from collections.abc import Callable
from datetime import timedelta

from bot.blocks import Json
from bot.command import BreakGlass, RevokeAll, Sign
from bot.command import Request as Asked
from bot.forms import about, asking, confirming, glass
from bot.verbs.asking import asked_for_before, machine_of, own
from bot.verbs.glass import user_of
from bot.verbs.heard import account_for, role_for
from bot.verbs.incidents import scope_of
from db.lifecycle import State
from db.models import Request
from db.store import requests
from workflows import access, summon
from workflows.catalog.model import Catalog
from workflows.durations import duration_text
from workflows.errors import AlreadySettled, NotAllowed, NotFound
from workflows.person import Person
from workflows.world import World

Fill = Callable[[Person], Json]
"""Who opened it, known to be a full member of the workspace → the form. May raise Refused."""


def asking_for(catalog: Catalog, command: Asked) -> Fill:
    """The form that asks for a role, with what a command says already."""

    def fill(by: Person) -> Json:
        return asking.form(catalog, by.user, asking.prefilled(catalog, by.user, command))

    return fill


def ending_all(world: World, command: RevokeAll) -> Fill:
    """The form that confirms the end of everything there, for administrators."""

    def fill(by: Person) -> Json:
        access.administers(by, world.catalog)
        scope = scope_of(world.catalog, command.scope)
        with world.database.read() as session:
            number = access.would_end(session, scope)
        if not number:
            raise NotFound(f"Nothing is open or waiting there: {scope}.")
        return confirming.form(command, str(scope), number=number)

    return fill


def breaking(world: World, command: BreakGlass) -> Fill:
    """The window of break-glass, for who may open something so, now."""

    def fill(by: Person) -> Json:
        catalog = world.catalog
        mine, account = glass.choices(catalog, by.user), None
        if command.account is not None and command.role is not None:
            role = role_for(catalog, by.user, command.account, command.role)
            access.glass_of(role, by.user)
            mine = [one for one in mine if one.role == role]
        elif command.account is not None:
            account = account_for(catalog, by.user, command.account)
            mine = [one for one in mine if one.role.account == account]
        if not mine:
            where = f" in {account.name}" if account is not None else ""
            raise NotAllowed(
                f"There is no role{where} that you may open without an approver. Ask for one: "
                "`/xacct request`. Who may is named under `break_glass` in the catalog."
            )
        with world.database.read() as session:
            access.may_break(session, by, world.clock.now())
        return glass.breaking(mine, command)

    return fill


def signing(world: World, command: Sign) -> Fill:
    """The window of a signature, for who may sign the review of that use."""

    def fill(by: Person) -> Json:
        requester = user_of(world, command.id)
        with world.database.write() as session:
            row = access.signable(session, world.catalog, command.id, by=by, requester=requester)
        return glass.signing(row, command)

    return fill


def denying(world: World, request_id: int) -> Fill:
    """The form that denies a request, for who may decide on it."""

    def fill(by: Person) -> Json:
        row = _row(world, request_id)
        requester = world.directory.person(row.requester, now=world.clock.now())
        panel = summon.panel_for(world, row, requester=requester)
        able = panel.able if panel is not None else ()
        access.may_decide(world.catalog, row, by, requester=requester, able=able)
        if row.state is not State.PENDING:
            raise AlreadySettled(f"Nothing is left to decide: {access.describe(row)}.")
        return about.denying(row)

    return fill


def extending(world: World, request_id: int) -> Fill:
    """The form that asks for more time, for whom the grant is."""

    def fill(by: Person) -> Json:
        row = own(world, request_id, by)
        if row.state is not State.ACTIVE:
            raise AlreadySettled(f"Only what is open can be extended: {access.describe(row)}.")
        access.not_by_break_glass(row)
        return about.extending(row)

    return fill


def again(world: World, request_id: int) -> Fill:
    """The form that asks for a role, as it was asked for before."""

    def fill(by: Person) -> Json:
        row, catalog = own(world, request_id, by), world.catalog
        role = asked_for_before(catalog, row, by)
        length = duration_text(timedelta(seconds=row.seconds))
        return asking.form(
            catalog,
            by.user,
            asking.Chosen(role.account, role, length, row.reason, machine=machine_of(row)),
        )

    return fill


def _row(world: World, request_id: int) -> Request:
    with world.database.read() as session:
        row = requests.get(session, request_id)
    if row is None:
        raise NotFound(f"There is no request #{request_id}.")
    return row
