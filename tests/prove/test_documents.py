"""Documents as AWS takes them: written into a sandbox of each partition, and read by parliament."""

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from demo.accounts import furnish
from sandbox.aws.documents import trust_statements
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import some_catalog, some_role
from tests.prove.lint import findings
from tests.prove.situations import HOME, NOON, OWNER, Situation, over, planned, situations, written
from workflows.catalog.model import GranteeKind, Mechanism
from workflows.documents import session_end, text, trust
from workflows.documents.trust import Entry
from workflows.plan.grant import Grant
from workflows.plan.role import RolePlan
from workflows.seen import RoleDetail

EXAMPLES = 10 if os.environ.get("CI") else 25  # of each partition
LONGEST_ANCHOR = session_end.Anchor(9_999_999_999, "0123abcd")


@pytest.fixture(scope="module", params=["aws", "aws-cn", "aws-us-gov"])
def cloud(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, SandboxAws]]:
    """A sandbox of each partition."""
    with (
        SharedClock(tmp_path_factory.mktemp("clock") / "offset") as clock,
        SandboxAws.start(clock, partition=request.param) as aws,
    ):
        yield request.param, aws


def compact(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


class Scribe:
    """Writes what a plan says into a role, in the order in which the product does."""

    def __init__(self, aws: SandboxAws, detail: RoleDetail) -> None:
        self.iam = aws.client("iam", aws.root(OWNER))
        self.name = f"r{uuid.uuid4().hex[:12]}"
        aws.set_quota(OWNER, "AssumeRolePolicySizeQuota", detail.trust_quota)
        made = self.iam.create_role(
            RoleName=self.name,
            Path="/xacct/",
            AssumeRolePolicyDocument=compact(detail.role.trust),
        )["Role"]
        self.detail = replace(
            detail, role=replace(detail.role, arn=made["Arn"], role_id=made["RoleId"])
        )
        if detail.other_inline:
            self._fill(detail.other_inline)

    def _fill(self, characters: int) -> None:
        """Another inline policy of the role, of this length."""
        empty = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ""}
        document: dict[str, Any] = {"Version": "2012-10-17", "Statement": [empty]}
        empty["Resource"] = "x" * (characters - len(compact(document)))
        self._inline("other", document)

    def _inline(self, name: str, document: Mapping[str, Any]) -> None:
        self.iam.put_role_policy(
            RoleName=self.name, PolicyName=name, PolicyDocument=compact(document)
        )

    def write(self, plan: RolePlan) -> None:
        if plan.session_end is not None:
            stamped = session_end.anchored(plan.session_end, LONGEST_ANCHOR)
            self._inline(session_end.NAME, stamped)
        for document in (plan.closing_trust, plan.trust):
            if document is not None:
                self.iam.update_assume_role_policy(
                    RoleName=self.name, PolicyDocument=compact(document)
                )
        self.detail = written(self.detail, plan)

    def read(self) -> RoleDetail:
        role = self.iam.get_role(RoleName=self.name)["Role"]
        held = self.iam.list_role_policies(RoleName=self.name)["PolicyNames"]
        ending = (
            self.iam.get_role_policy(RoleName=self.name, PolicyName=session_end.NAME)
            if session_end.NAME in held
            else {"PolicyDocument": None}
        )
        return replace(
            self.detail,
            role=replace(self.detail.role, trust=role["AssumeRolePolicyDocument"]),
            session_end=ending["PolicyDocument"],
        )


@pytest.mark.timeout(600)
def test_all_that_is_planned_is_taken_by_aws_and_read_back_as_planned(
    cloud: tuple[str, SandboxAws], prove_seed: int
) -> None:
    partition, aws = cloud

    @seeded(prove_seed)
    @given(situations(partition))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def played(situation: Situation) -> None:
        scribe, standing = Scribe(aws, situation.detail), list[Grant]()
        role_id = scribe.detail.role.role_id
        for opened, ended in situation.rounds:
            standing += [replace(one, role_id=role_id) for one in opened]
            plan = planned(scribe.detail, standing)
            scribe.write(plan)
            standing = [one for one in standing if one.request not in plan.refused]
            standing = over(standing, ended)
            scribe.write(planned(scribe.detail, standing))
            again = planned(scribe.read(), standing)
            assert (again.trust, again.session_end) == (None, None)

    played()


@given(st.lists(st.permutations("ab.-"), min_size=2, max_size=4))
def test_people_whose_names_differ_by_the_place_of_a_dot_alone_are_let_in_together(
    letters: list[list[str]],
) -> None:
    """AWS refuses a document in which two statements have one Sid."""
    entries = [
        Entry(GranteeKind.PERSON, "aws", HOME, "AROASSOSSOSSOSSO", "".join(one), NOON)
        for one in letters
    ]
    trust_statements(compact(text.document(trust.own_statements(entries, None))))


def test_no_identity_policy_of_an_account_has_a_fault_that_parliament_finds(
    aws: SandboxAws, tmp_path: Path
) -> None:
    """Of the bot, its manager roles, the groups and the machine, as they are set up."""
    del tmp_path
    catalog = some_catalog(mechanism=Mechanism.ALLOW_GROUP, users=("alice",))
    owner = catalog.accounts[0]
    catalog = replace(
        catalog,
        roles=(
            *catalog.roles,
            some_role(catalog.grantee, owner, "breakglass", Mechanism.DENY_GROUP),
            some_role(catalog.grantee, owner, "deploy", Mechanism.TRUST_POLICY),
        ),
    )
    furnish(aws, catalog, ("alice",))
    held = {
        name: document
        for account in (catalog.grantee, owner)
        for name, document in identity_policies(aws.client("iam", aws.root(account.id)))
    }

    assert len(held) > 8
    assert {name: found for name, one in held.items() if (found := findings(compact(one)))} == {}


def identity_policies(iam: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every inline and managed policy of the account, by whose it is."""
    for kind, listed in (("user", "Users"), ("role", "Roles"), ("group", "Groups")):
        for one in getattr(iam, f"list_{kind}s")()[listed]:
            whose = {f"{kind.title()}Name": one[f"{kind.title()}Name"]}
            for name in getattr(iam, f"list_{kind}_policies")(**whose)["PolicyNames"]:
                found = getattr(iam, f"get_{kind}_policy")(**whose, PolicyName=name)
                yield f"{one['Arn']} {name}", found["PolicyDocument"]
    for one in iam.list_policies(Scope="Local")["Policies"]:
        version = iam.get_policy_version(PolicyArn=one["Arn"], VersionId=one["DefaultVersionId"])
        yield one["Arn"], version["PolicyVersion"]["Document"]
