"""`xacct setup verify` names what is wrong: each fault is planted in the sandbox's AWS."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.aws.process import SandboxAws
from tests.bot.administrator import at_work
from tests.bot.verifying import Finding, Verifying, lets_in, trusts, verifying
from tests.workflows.setup.deploying import ADMIN, allow, arn, document

HOME, FIRST, SECOND = "workforce", "prod-payments", "prod-search"


@pytest.fixture(scope="module")
def broken(
    aws: SandboxAws, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, list[Finding]]]:
    """What is found where something is wrong with nearly everything: the exit code, the lines."""
    with verifying(aws, tmp_path_factory.mktemp("broken")) as there:
        _break_the_grantee_account(there)
        _break_the_first(there)
        _break_the_second(there)
        yield there.findings("--as", "alice")


def _break_the_grantee_account(there: Verifying) -> None:
    home = there.home
    home.remove_user_from_group(GroupName="deny-all", UserName="bob")
    home.put_user_policy(UserName="bob", PolicyName="all", PolicyDocument=document(allow("*")))
    group = "allow-prod-payments-readonly"
    for name in home.list_group_policies(GroupName=group)["PolicyNames"]:
        home.delete_group_policy(GroupName=group, PolicyName=name)
    home.delete_group(GroupName=group)
    mint = f"arn:aws:iam::{there.office.place.ids.home}:policy/xacct-ctl/xacct-main-vendor"
    home.create_policy_version(
        PolicyArn=mint, PolicyDocument=document(allow("sts:AssumeRole")), SetAsDefault=True
    )
    named = {"RoleName": "xacct-grantee-mgr"}
    home.put_role_policy(**named, PolicyName="more", PolicyDocument=document(allow("iam:*")))
    held = home.list_attached_role_policies(**named)["AttachedPolicies"]
    home.delete_role_permissions_boundary(**named)
    for one in held:
        home.detach_role_policy(**named, PolicyArn=one["PolicyArn"])


def _break_the_first(there: Verifying) -> None:
    """Another external id, and a policy beside its own, which the boundary makes worthless."""
    owner, named = there.owner(0), {"RoleName": "xacct-owner-mgr"}
    trusted = owner.get_role(**named)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    (statement,) = trusted
    statement["Condition"]["StringEquals"]["sts:ExternalId"] = "another-one"
    owner.update_assume_role_policy(**named, PolicyDocument=document(statement))
    owner.attach_role_policy(**named, PolicyArn=ADMIN)
    owner.delete_role_permissions_boundary(RoleName="admin")
    deploy = arn(there.office.place.ids.owners[0], "role/xacct/deploy")
    keeps = document({"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": deploy})
    there.home.put_user_policy(UserName="bob", PolicyName="no", PolicyDocument=keeps)


def _break_the_second(there: Verifying) -> None:
    """Alice is let into a role by somebody; another role lost its seal, and lets in its own
    account; the manager role lets in anybody of the grantee account.
    """
    owner, ids = there.owner(1), there.office.place.ids
    alice = f"arn:aws:iam::{ids.home}:user/alice"
    held = owner.get_role(RoleName="readonly")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    trusts(owner, "readonly", *held, lets_in("Theirs", alice))
    asks = document(allow("sts:AssumeRole"))
    there.home.put_user_policy(UserName="alice", PolicyName="asks", PolicyDocument=asks)
    trusts(owner, "admin", lets_in("Own", f"arn:aws:iam::{ids.owners[1]}:root"))
    trusts(owner, "xacct-owner-mgr", lets_in("All", f"arn:aws:iam::{ids.home}:root"))


@pytest.mark.parametrize(
    ("account", "subject", "promise", "how", "words"),
    [
        (HOME, None, "is as the catalog", "reading", "+ member bob"),
        (HOME, None, "is as the catalog", "reading", "create group /xacct/allow-prod-payments-re"),
        (HOME, "deny-all", "keeps everybody out", "simulation", "allowed: bob"),
        (HOME, "xacct-grantee-mgr", "can do nothing else", "simulation", "make a user"),
        (HOME, "xacct-grantee-mgr", "is refused", "call", "delete a user"),
        (HOME, "xacct-vendor", "can do nothing else", "simulation", "enter a role whose credent"),
        (FIRST, "deploy", "lets in who may", "simulation", "user/platform/bob"),
        (FIRST, "xacct-owner-mgr", "lets xacct in", "call", "refused: sts:AssumeRole"),
        (FIRST, "xacct-owner-mgr", "trusts xacct", "reading", "another external id"),
        (FIRST, None, "is as the catalog", "reading", f"- policy {ADMIN}"),
        (FIRST, None, "is as the catalog", "reading", "update role /xacct/admin (+ boundary"),
        (FIRST, "xacct-owner-mgr", "can do what", "simulation", "refused: iam:PutRolePolicy on"),
        (SECOND, "readonly", "lets nobody in", "reading", "Theirs lets in arn:aws:iam::"),
        (SECOND, "readonly", "refuses every grantee", "simulation", "user/alice by Theirs"),
        (SECOND, "readonly", "refuses alice", "call", "user/alice"),
        (SECOND, "admin", "refuses outsiders", "call", "an administrator of prod-search"),
        (SECOND, "xacct-owner-mgr", "refuses administrators", "call", "allowed: arn:aws:iam::"),
        (SECOND, "xacct-owner-mgr", "refuses xacct without", "call", "nothing"),
        (SECOND, "xacct-owner-mgr", "trusts xacct and", "reading", "and not xacct as it comes"),
    ],
)
def test_each_fault_is_named_with_how_it_is_mended(
    broken: tuple[int, list[Finding]],
    account: str,
    subject: str | None,
    promise: str,
    how: str,
    words: str,
) -> None:
    code, found = broken
    (one,) = (
        line
        for line in found
        if (line["account"], line["subject"], line["how"]) == (account, subject, how)
        and line["promise"].startswith(promise)
    )

    if words == "nothing":  # where xacct does not come in, that it is refused tells nothing
        assert (one["mark"], "a refusal tells nothing" in one["said"]) == ("untold", True)
        return
    assert (code, one["mark"], bool(one["mend"])) == (1, "failed", True), one
    assert words in one["said"]


def test_a_fault_in_one_account_changes_nothing_of_what_is_said_of_another(
    broken: tuple[int, list[Finding]],
) -> None:
    others = [one for one in broken[1] if one["account"] == "dev-payments"]

    assert len(others) > 15
    assert [one for one in others if one["mark"] != "proven"] == []


def test_before_anything_is_set_up_it_is_said_that_it_is_not_there(
    aws: SandboxAws, tmp_path: Path
) -> None:
    with at_work(aws, tmp_path) as office:
        code, said = office.run("verify")

    assert code == 1
    for promise in (
        "xacct-owner-mgr trusts xacct and nobody else [reading]",
        "readonly lets nobody in but by a grant or the catalog [reading]",
        "deny-all keeps everybody out who is listed and has no grant [simulation]",
    ):
        assert f"✗ {promise}: it is not there" in said
    assert "create role /xacct/admin;" in said
    assert "refuses administrators" not in said
