"""How verify goes about its work: several accounts at a time, and once more where time went on."""

from threading import Barrier

from workflows.aws.errors import AwsUnclear
from workflows.documents.text import Document
from workflows.verify import roles, run
from workflows.verify.finding import Finding, How, Mark, Question

ASKED = Question("prod", "admin", "lets bob in", How.CALL)
BEFORE: Document = {"Statement": []}
NOW: Document = {"Statement": [{"Sid": "XacctU1"}]}


def judged(document: Document) -> list[Finding]:
    return [ASKED.proven() if document == NOW else ASKED.failed("refused")]


def silent() -> Document:
    raise AwsUnclear("iam:GetRole", "ReadTimeoutError", "no clear answer from AWS")


def test_what_failed_by_a_trust_policy_that_is_over_is_judged_by_the_one_of_now() -> None:
    assert [one.mark for one in roles._twice(judged, BEFORE, lambda: NOW)] == [Mark.PROVEN]


def test_what_failed_stays_so_where_nothing_changed_or_aws_does_not_say() -> None:
    for again in (lambda: BEFORE, silent):
        assert [one.mark for one in roles._twice(judged, BEFORE, again)] == [Mark.FAILED]


def test_what_is_proven_is_not_read_again() -> None:
    assert [one.mark for one in roles._twice(judged, NOW, silent)] == [Mark.PROVEN]


def test_at_least_five_accounts_are_worked_on_at_a_time() -> None:
    five = Barrier(5)

    assert len(run._at_once(lambda _: five.wait(timeout=30), range(10))) == 10
