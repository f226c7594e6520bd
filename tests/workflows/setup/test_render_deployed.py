"""What is rendered, deployed: nothing is left for setup to do, and all is as setup would do it."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest

from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.workflows.setup.deploying import SOMEBODY_ELSES, Ids, Place, an_id, arn, parts
from tests.workflows.setup.hcl import Configuration
from workflows.setup import read, wanted
from workflows.setup.plan import Plan, Verb
from workflows.setup.render import Format, files

Deploy = Callable[[Place], None]


@pytest.fixture
def now(clock: SharedClock) -> datetime:
    return clock.now()


@pytest.fixture
def place(aws: SandboxAws) -> Place:
    return Place(aws, Ids())


def by_stacks(place: Place) -> None:
    told = files(place.catalog, Format.CLOUDFORMATION)
    accounts = [place.ids.home, *place.ids.owners]
    done = [place.stack(*one) for one in zip(accounts, told.values(), strict=True)]
    assert done == ["CREATE_COMPLETE"] * len(accounts)


def by_stacksets(place: Place) -> None:
    told = files(place.catalog, Format.CLOUDFORMATION, stackset=True)
    assert place.stack(place.ids.home, told.pop("grantee-workforce.yaml")) == "CREATE_COMPLETE"
    for name in [name for name in told if name.endswith(".yaml")]:
        for call in json.loads(told[name.replace(".yaml", ".instances.json")]):
            overrides = call.get("ParameterOverrides", ())
            given = {one["ParameterKey"]: one["ParameterValue"] for one in overrides}
            done = [place.stack(account, told[name], **given) for account in call["Accounts"]]
            assert done == ["CREATE_COMPLETE"] * len(done)


def by_terraform(place: Place) -> None:
    told = files(place.catalog, Format.TERRAFORM)
    accounts = [place.ids.home, *place.ids.owners]
    for account, text in zip(accounts, told.values(), strict=True):
        Configuration(text).apply(place.client("iam", account), account)


WAYS = pytest.mark.parametrize("deploy", [by_stacks, by_stacksets, by_terraform])


def open_points(plans: list[Plan]) -> list[str]:
    """All that plans have to say."""
    return [
        said
        for plan in plans
        for said in (*(change.thing for change in plan.changes), *plan.problems, *plan.left)
    ]


@WAYS
def test_what_is_rendered_leaves_nothing_for_setup_to_do(
    place: Place, now: datetime, deploy: Deploy
) -> None:
    assert all(plan.changes for plan in place.plans(now))

    deploy(place)

    assert open_points(place.plans(now)) == []


@WAYS
def test_what_is_rendered_is_what_setup_makes(place: Place, now: datetime, deploy: Deploy) -> None:
    place.apply(now)
    applied = place.state()
    place.furnish()
    deploy(place)

    assert place.state() == applied


@WAYS
def test_accounts_may_ask_for_external_ids_of_their_own(
    aws: SandboxAws, now: datetime, deploy: Deploy
) -> None:
    ids = Ids()
    accounts = parts(ids)["accounts"]
    accounts[1]["external_id"] = f"its-own-{ids.owners[1]}"
    accounts[0]["external_id"] = f"not-its-own-{ids.owners[1]}"
    place = Place(aws, ids, accounts=accounts)
    deploy(place)

    assert open_points(place.plans(now)) == []


@WAYS
def test_names_may_hold_all_that_iam_takes(aws: SandboxAws, now: datetime, deploy: Deploy) -> None:
    odd, ids = "x+y=1,2.a@b_c-d", Ids()
    path = "/a!$%'\"#\\;/"
    role = {
        "accounts": "*",
        "name": odd,
        "path": path,
        "permissions": {"managed": [arn("aws", "policy/ReadOnlyAccess")]},
    }
    kept_out = role | {"mechanism": "deny-group", "group": f"{path}{odd}"}
    people = [*parts(ids)["people"], {"slack": "U0EVE", "iam_user": f"/it's/{odd}"}]
    by_trust = role | {"name": f"{odd}-2", "mechanism": "trust-policy"}
    standing = [{"roles": f"*/{odd}-2", "users": [f"/it's/{odd}"]}]
    place = Place(aws, ids, roles=[kept_out, by_trust], people=people, standing=standing)
    place.client("iam", ids.home).create_user(UserName=odd, Path="/it's/")
    deploy(place)

    assert open_points(place.plans(now)) == []


@WAYS
def test_roles_of_others_are_left_to_apply(aws: SandboxAws, now: datetime, deploy: Deploy) -> None:
    theirs = {"accounts": "prod-payments", "name": "legacy", "path": "/", "adopt": True}
    theirs |= {"mechanism": "trust-policy"}
    ids = Ids()
    place = Place(aws, ids, roles=[*parts(ids)["roles"], theirs])
    iam = place.client("iam", ids.owners[0])
    iam.create_role(RoleName="legacy", AssumeRolePolicyDocument=SOMEBODY_ELSES)
    deploy(place)

    assert [change.verb for plan in place.plans(now) for change in plan.changes] == [Verb.ADOPT]
    place.apply(now)
    assert open_points(place.plans(now)) == []


@pytest.mark.parametrize("form", Format)
def test_who_is_not_there_is_left_out_where_the_account_was_read(
    aws: SandboxAws, now: datetime, form: Format
) -> None:
    ids = Ids()
    people = [*parts(ids)["people"], {"slack": "U0DAVE", "iam_user": "dave"}]
    place = Place(aws, ids, people=people)
    home = wanted.grantee(place.catalog)
    found = read.found(place.enter(home.account), home, users=True)
    text = next(iter(files(place.catalog, form, grantee=found).values()))
    if form is Format.CLOUDFORMATION:
        assert place.stack(ids.home, text) == "CREATE_COMPLETE"
    else:
        Configuration(text).apply(place.client("iam", ids.home), ids.home)

    plan = place.plans(now)[0]
    assert plan.changes == ()
    assert all("dave" in problem for problem in plan.problems)
    assert "#   user dave\n" in text


def test_a_stack_with_somebody_who_is_not_there_makes_nothing(aws: SandboxAws) -> None:
    ids = Ids()
    people = [*parts(ids)["people"], {"slack": "U0DAVE", "iam_user": "dave"}]
    place = Place(aws, ids, people=people)
    text = files(place.catalog, Format.CLOUDFORMATION)["grantee-workforce.yaml"]

    assert place.stack(ids.home, text).startswith("ROLLBACK_COMPLETE; ")
    assert place.client("iam", ids.home).list_groups()["Groups"] == []


def test_a_template_makes_nothing_in_another_account(place: Place) -> None:
    text = files(place.catalog, Format.CLOUDFORMATION)["owner-dev-payments.yaml"]
    other = place.ids.owners[0]

    assert place.stack(other, text) == "CREATE_COMPLETE"
    assert place.client("iam", other).list_roles()["Roles"] == []


@pytest.mark.parametrize("form", Format)
def test_a_deny_group_of_a_hundred_accounts_holds_managed_policies(
    aws: SandboxAws, now: datetime, form: Format
) -> None:
    ids = Ids()
    many = [{"id": an_id(), "name": f"prod-{number}"} for number in range(100)]
    role = {
        "accounts": "*",
        "name": "administrator-of-everything",
        "mechanism": "deny-group",
        "group": "/xacct/deny-all",
        "permissions": {"managed": [arn("aws", "policy/AdministratorAccess")]},
    }
    home = {"id": ids.home, "name": "workforce", "administrators": ["root-alice"]}
    place = Place(aws, ids, accounts=many, roles=[role], standing=[], grantee_account=home)
    text = next(iter(files(place.catalog, form).values()))
    if form is Format.CLOUDFORMATION:
        assert place.stack(ids.home, text) == "CREATE_COMPLETE"
    else:
        Configuration(text).apply(place.client("iam", ids.home), ids.home)

    assert wanted.grantee(place.catalog).groups[0].managed
    assert place.plans(now)[0].changes == ()
