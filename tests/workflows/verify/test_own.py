"""What is proven of xacct's own roles, out of what was read."""

from dataclasses import replace
from typing import NoReturn

from botocore.exceptions import EndpointConnectionError

from tests.workflows.setup.deploying import Ids, a_catalog
from workflows.aws.admin import Admin
from workflows.catalog.model import Account
from workflows.clock import SystemClock
from workflows.documents import text
from workflows.errors import Trouble
from workflows.setup.objects import Found, FoundRole
from workflows.setup.rights import entrance
from workflows.verify import needs, own
from workflows.verify.asking import Ways
from workflows.verify.finding import Mark
from workflows.verify.own import Place

TRUSTS = "trusts xacct and nobody else"


class Silent:
    """IAM that does not answer."""

    def get_paginator(self, _: str) -> NoReturn:
        raise EndpointConnectionError(endpoint_url="http://aws")


def nobody_enters(account: Account) -> NoReturn:
    raise Trouble("sts:AssumeRole", "AccessDenied", account.name)


def test_a_role_of_the_right_name_at_another_path_is_not_xaccts_own() -> None:
    catalog = a_catalog(Ids())
    ways = Ways(catalog, SystemClock(), nobody_enters, nobody_enters, "no keys", "nobody")
    account = catalog.accounts[0]
    (mine,) = needs.owns(catalog, account)
    trust = text.document([entrance(str(catalog.bot_arn), mine.external_id)])
    held = FoundRole(mine.arn, "AROAMANAGER", trust, {}, (), None, {})
    elsewhere = replace(held, arn=mine.arn.replace("/xacct-ctl/", "/teams/"))

    def found(role: FoundRole) -> dict[str, Mark]:
        place = Place(Admin(Silent()), Found(roles={role.name.casefold(): role}))
        return {one.promise: one.mark for one in own.prove(ways, mine, place)}

    assert found(held)[TRUSTS] is Mark.PROVEN
    assert found(elsewhere)[TRUSTS] is Mark.FAILED
    assert "can do what lending takes" not in found(elsewhere)
