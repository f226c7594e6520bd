"""What was done comes to counts: writes, reads, and what changed nothing apart from both."""

from dataclasses import replace

from tests.workflows.activity.telling import TRACE, after, call, entry, reading
from workflows.activity.events import Event
from workflows.activity.summary import Count, Summary, summary


def of(*events: Event) -> Summary:
    return summary(TRACE, reading(*events))


def test_calls_are_counted_by_service_and_the_most_frequent_stand_first() -> None:
    ec2 = [call("RunInstances", source="ec2.amazonaws.com") for _ in range(3)]
    iam = [call("CreateUser"), call("CreateRole"), call("CreateRole")]

    assert of(*iam, call("ListUsers"), *ec2).writes == (
        Count("ec2", "RunInstances", 3),
        Count("iam", "CreateRole", 2),
        Count("iam", "CreateUser", 1),
    )
    assert of(call("ListUsers")).reads == (Count("iam", "ListUsers", 1),)


def test_what_was_refused_or_failed_is_neither_a_write_nor_a_read() -> None:
    wrong = [
        call("CreateUser", error="AccessDenied"),
        call("RunInstances", source="ec2.amazonaws.com", error="Client.UnauthorizedOperation"),
        call("ListUsers", error="AccessDeniedException"),
        call("DeleteUser", error="NoSuchEntityException"),
    ]

    told = of(*wrong)

    assert (told.writes, told.reads) == ((), ())
    assert {one.what for one in told.refused} == {
        "CreateUser: AccessDenied",
        "RunInstances: Client.UnauthorizedOperation",
        "ListUsers: AccessDeniedException",
    }
    assert told.failed == (Count("iam", "DeleteUser: NoSuchEntityException", 1),)


def test_going_on_into_another_role_is_told_apart_although_aws_calls_it_a_read() -> None:
    onward = call(
        "AssumeRole", source="sts.amazonaws.com", role="arn:aws:iam::111122223333:role/deep"
    )

    told = of(onward)

    assert told.onward == (Count("sts", "arn:aws:iam::111122223333:role/deep", 1),)
    assert told.reads == ()
    assert of(call("AssumeRole", error="AccessDenied")).onward == ()


def test_coming_in_is_the_first_sign_of_use_and_no_call() -> None:
    told = of(entry(), call("ListUsers", minutes=20))

    assert (told.entered, told.first, told.last) == (1, after(minutes=5), after(minutes=20))
    assert of(entry()).reads == ()
    assert not of(entry()).is_empty


def test_opening_the_console_is_use_and_no_write() -> None:
    console = call("SwitchRole", source="signin.amazonaws.com")

    told = of(console)

    assert (told.writes, told.first) == ((), console.at)


def test_where_nothing_is_told_there_is_no_first_use() -> None:
    told = of(call(caller="AROAROLE:bob"))

    assert told.is_empty
    assert told.last is None


def test_calls_with_keys_that_were_handed_out_are_counted_besides() -> None:
    trace = replace(TRACE, delivered=frozenset({"ASIAVENDED"}))
    events = [call(key="ASIAVENDED"), call("ListUsers")]

    assert summary(trace, reading(*events)).delivered == 1
