import re
from datetime import timedelta

import pytest

from bot.command import (
    TOPICS,
    Account,
    Activity,
    Approve,
    Audit,
    BreakGlass,
    ById,
    ByPerson,
    ByRole,
    Cancel,
    Command,
    Deny,
    Everything,
    Extend,
    Freeze,
    Help,
    List,
    Request,
    Revoke,
    RevokeAll,
    Roles,
    Show,
    Thaw,
    Unclear,
    Who,
    help_text,
    parse,
    render,
)

HOUR = timedelta(hours=1)
NOTHING = Request(None, None, None, "", None)
KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/" + "K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjE" + "ab12" * 30


def admin(
    reason: str = "", duration: timedelta | None = None, machine: str | None = None
) -> Request:
    return Request("prod", "admin", duration, reason, machine)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("request prod admin 1h the disk is full", admin("the disk is full", HOUR)),
        ("REQUEST  prod\tadmin   1H  why", admin("why", HOUR)),
        ("/xacct request prod admin 1h why", admin("why", HOUR)),
        ("request prod/admin 1h why", admin("why", HOUR)),
        ("request prod admin", admin()),
        ("extend #42 30m", Extend(42, timedelta(minutes=30))),
        ("extend 42, by 90m: it runs", Extend(42, timedelta(minutes=90), "it runs")),
        ("EXTEND 42 for 1 hour why", Extend(42, HOUR, "why")),
        ("extend #42 1h “2h were too few”", Extend(42, HOUR, "2h were too few")),
        ("extend 42 +1h30 don't stop", Extend(42, timedelta(minutes=90), "don't stop")),
        ("extend 42 1h 3 hosts to go", Extend(42, HOUR, "3 hosts to go")),
        ("request prod admin because", admin("because")),
        ("request prod admin 1h 30m why", admin("why", timedelta(minutes=90))),
        ("request prod admin 2 hours: why", admin("why", timedelta(hours=2))),
        ("request prod admin for 45min, why", admin("why", timedelta(minutes=45))),
        ("request prod admin PT1H why", admin("why", HOUR)),
        ("request prod admin 1.5h why", admin("why", timedelta(minutes=90))),
        ("request prod admin 1d why", admin("why", timedelta(days=1))),
        ("request prod admin 1h 3 hosts are down", admin("3 hosts are down", HOUR)),
        ("request prod admin 1h for 3 hosts", admin("for 3 hosts", HOUR)),
        ('request prod admin "2h of downtime"', admin("2h of downtime")),
        ("request prod admin 1h don't panic", admin("don't panic", HOUR)),
        ("request prod admin 1h see “INC 42”", admin("see “INC 42”", HOUR)),
        ("request prod admin 1h “INC 42: don\u2019t!”", admin("INC 42: don\u2019t!", HOUR)),
        ("request prod admin --as ci 1h why", admin("why", HOUR, "ci")),
        ("request --as=ci prod admin 1h why", admin("why", HOUR, "ci")),
        ("request prod —as ci admin 1h why", admin("why", HOUR, "ci")),
        ("request prod admin 1h \u2013as =ci why", admin("why", HOUR, "ci")),
        ('request prod admin 1h "run --as ci"', admin("run --as ci", HOUR)),
        ("request prod\u00a0admin\u00a01h why", admin("why", HOUR)),
        ("request pr\u200bod \u2060 admin\ufeff 1h why", admin("why", HOUR)),
        ("request \uff50\uff52\uff4f\uff44 admin \uff11h why", admin("why", HOUR)),
        ("request <http://prod|prod> admin", admin()),
        ("request prod admin 1h a &lt;b&gt; &amp;amp;", admin("a <b> &amp;", HOUR)),
        ("request prod admin 1h <@U1|bob> and <!channel>", admin("@bob and @channel", HOUR)),
        ("request prod admin 1h <https://x.io/a|x.io/a> <#C1|ops>", admin("x.io/a #ops", HOUR)),
        ("request prod admin 1h a\u202eb\u0007c\nd", admin("abc d", HOUR)),
        ("request prod admin 1h \u200b", admin("", HOUR)),
        ("request prod admin 1h héllo ﬁ 👩\u200d🚒", admin("héllo ﬁ 👩\u200d🚒", HOUR)),
        ('request "Prod A" “Read Only” 1h', Request("Prod A", "Read Only", HOUR, "", None)),
        ("request prod—payments admin", Request("prod-payments", "admin", None, "", None)),
        ("request 'prod' `admin`", admin()),
        ("request 1111-2222-3333 admin", Request("1111-2222-3333", "admin", None, "", None)),
        ("request <tel:11112222|1111 2222> a1", Request("1111 2222", "a1", None, "", None)),
        ("request <tel:111122223333> admin", Request("111122223333", "admin", None, "", None)),
        (
            "request arn:aws:iam::111122223333:role/team/admin 1h",
            Request("111122223333", "admin", HOUR, "", None),
        ),
        ("revoke 42", Revoke(ById(42))),
        ("revoke #42, left open", Revoke(ById(42), "left open")),
        ("revoke prod admin done", Revoke(ByRole("prod", "admin"), "done")),
        ("revoke prod/admin", Revoke(ByRole("prod", "admin"))),
        ("revoke 111122223333 admin", Revoke(ByRole("111122223333", "admin"))),
        ("revoke <@U012|bob> left the team", Revoke(ByPerson("U012"), "left the team")),
        ("list", List()),
        ("audit user:<@U1|bob> “x y” &amp; more", Audit('user:@U1 "x y" & more')),
        ("audit", Audit("")),
        ("", NOTHING),
        (" \u00a0\u200b ", NOTHING),
        ("request", NOTHING),
        ("request prod", Request("prod", None, None, "", None)),
        ("request --as ci", Request(None, None, None, "", "ci")),
        ("request prod --as ci", Request("prod", None, None, "", "ci")),
        ("freeze", Freeze(Everything())),
        ("freeze all we are under attack", Freeze(Everything(), "we are under attack")),
        ("freeze prod forensics", Freeze(Account("prod"), "forensics")),
        ('freeze "all"', Freeze(Account("all"))),
        ("freeze <@U012|al> stolen laptop", Freeze(ByPerson("U012"), "stolen laptop")),
        ("thaw", Thaw(Everything())),
        ("thaw prod", Thaw(Account("prod"))),
        ("revoke --all", RevokeAll(Everything())),
        ("revoke —all prod leak", RevokeAll(Account("prod"), "leak")),
        ("revoke --all <@U012|al>", RevokeAll(ByPerson("U012"))),
        ("cancel #42", Cancel(42)),
        ("approve 42", Approve(42)),
        ("Approve #42 go ahead", Approve(42, "go ahead")),
        ("deny 42 not on a Friday", Deny(42, "not on a Friday")),
        ("roles", Roles()),
        ("roles Pay  adm", Roles("Pay adm")),
        ("who prod", Who("prod")),
        ("who prod admin", Who("prod", "admin")),
        ("who prod/admin", Who("prod", "admin")),
        ("show 42.", Show(42)),
        ("activity #42", Activity(42)),
        ("help", Help(None)),
        ("Help Request", Help("request")),
    ],
)  # fmt: skip
def test_a_command_is_understood_however_it_was_typed(text: str, command: Command) -> None:
    assert parse(text) == command
    assert parse(render(command)) == command


@pytest.mark.parametrize(
    "reason", ['--as ci "x"', '30m of "pain"', '1h more "x"', '""', '" --as ci', '-- "x"', "-- x"]
)
def test_a_reason_of_a_form_is_a_reason_whatever_it_holds(reason: str) -> None:
    for command in (
        Request("prod", "admin", HOUR, reason, None),
        Extend(42, HOUR, reason),
        BreakGlass("prod", "admin", reason),
    ):
        assert parse(render(command)) == command


UNCLEAR = [
    ("request prod admin 8", "8 hours or 8 minutes?"),
    ("request prod admin 8 fix it", '`/xacct request prod/admin 8h "fix it"`'),
    ("request prod admin 90 fix it", '`/xacct request prod/admin 1h30m "fix it"`'),
    ("request prod admin 0 fix", "no time to lend"),
    ("request prod admin -1h fix", "no time to lend"),
    ("request prod admin \u20131h fix", "no time to lend"),
    ("request prod admin 9999h fix", "longer than 7d"),
    ("request prod admin 99y fix", "longer than 7d"),
    ("request prod admin 3 months fix", "longer than 7d"),
    ("request prod admin 90s fix", "whole minutes"),
    ("request prod admin 1h 30m 15m x", "names a unit twice"),
    ("request prod admin PT1H 15m x", "second length of time"),
    ("request prod admin 1h --as ci 15m x", '--as ci 1h "15m x"`'),
    ("request prod 1h admin", "stands where a name should"),
    ("request a/b/c", "more than one slash"),
    ("request prod other/admin", "too many names"),
    ("request prod / admin", "A name is missing"),
    ("request 'prod payments' admin", "stray quote"),
    ('request "prod payments admin', "stray quote"),
    ("request prod admin --as", "A name is missing"),
    ("request prod admin --as --as", "A name is missing"),
    ("request prod admin --as a --as b", "twice"),
    ("request prod admin --for 1h", "no option `--for`"),
    ("request prod admin 1h deploy --as ci", "`--as` comes before the reason"),
    ("request prod admin 1h deploy —as ci", "`--as` comes before the reason"),
    ("request prod admin 1h " + "x" * 501, "501 characters"),
    ("reqeust prod admin 1h why", 'Did you mean `/xacct request prod/admin 1h "why"`?'),
    ("extend", "Which request is to go on"),
    ("extend prod admin 1h", "`prod` is no request's number"),
    ("extend 30m", "`30m` is no request's number"),
    ("extend 42", "How much longer is #42 to be open?"),
    ("extend #42 because it runs", "Write the length of time after the number"),
    ("extend 42 30", "30 hours or 30 minutes? Write 30h or 30m."),
    ("extend 42 8 still running", "`/xacct extend #42 8h"),
    ("extend 42 90s", "counted in seconds"),
    ("extend 42 30m 1h why", "the smaller one first"),
    ("extend 42 PT1H 30m why", "`30m` is a second length of time"),
    ("extend 42 8d", "longer than 7d"),
    ("extend 42 30m " + "x" * 501, "501 characters"),
    ("prolong 42 1h", "Did you mean `/xacct extend #42 1h`?"),
    ("exted 42 1h why", 'Did you mean `/xacct extend #42 1h "why"`?'),
    ("grant prod admin", "Did you mean `/xacct request prod/admin`?"),
    ("freeze prod/admin", "this is about whole accounts"),
    ("freeze @al", "not known to Slack"),
    ("thaw prod now", "`thaw` takes one thing"),
    ("revoke --all prod " + "x" * 501, "501 characters"),
    ("unfreeze prod", "Did you mean `/xacct thaw prod`?"),
    ("withdraw 42", "Did you mean `/xacct cancel #42`?"),
    ("accept 42 fine", 'Did you mean `/xacct approve #42 "fine"`?'),
    ("cancel", "Which request?"),
    ("cancel prod", "`prod` is no request's number"),
    ("cancel 42 43", "takes a number only"),
    ("show", "Which request?"),
    ("activity", "Which request?"),
    ("activity #42 please", "takes a number only"),
    ("show 42 please", "takes a number only"),
    ("approve all", "`all` is no request's number"),
    ("deny", "Which request?"),
    ("deny 42 " + "x" * 501, "501 characters"),
    ("who", "Who is in which account?"),
    ("who prod admin now", "more than one account and one role"),
    ("give back", "Did you mean `/xacct revoke`?"),
    ("frobnicate", "There is no command `frobnicate`"),
    ("revoke", "What is to end?"),
    ("revoke prod", "Which role in `prod`?"),
    ("revoke prod a/b", "more than one account and one role"),
    ("revoke @bob", "not known to Slack"),
    ("revoke #prod", "no request's number"),
    ("revoke 42 43", "One thing is ended at a time: write `/xacct revoke #42`"),
    ("revoke <@U1> <@U2>", "One thing is ended at a time"),
    ("revoke 42 " + "x" * 501, "501 characters"),
    ("list all", "takes no words"),
    ("help reqest", "`/xacct help request`"),
    ("help me", "`/xacct help`"),
    ("x" * 4001, "too long"),
    (f"request {'x' * 201} admin 1h fix", "too long for a name"),
    ("request " + "\ufdfa" * 3900 + " admin 1h 2h fix", "too long for a name"),
    (f"who arn:aws:iam::444455556666:role/{'x' * 500}", "too long for a name"),
]


@pytest.mark.parametrize(("text", "part"), UNCLEAR)
def test_what_is_unclear_is_told_with_the_way_to_write_it(text: str, part: str) -> None:
    answer = parse(text)
    assert isinstance(answer, Unclear)
    assert part in answer.sentence
    assert len(answer.sentence) < 2000  # Slack shows it whole


@pytest.mark.parametrize(("text", "part"), UNCLEAR)
def test_every_command_that_is_proposed_can_be_sent_as_it_stands(text: str, part: str) -> None:
    answer = parse(text)
    assert isinstance(answer, Unclear), part
    proposed = re.findall(r"`/xacct ([^`]*)`", answer.sentence)
    assert proposed or "too long" in answer.sentence
    for one in proposed:
        if one not in {"revoke @alice", "revoke"}:
            assert not isinstance(parse(one), Unclear), one


@pytest.mark.parametrize(
    "text",
    [
        f"request prod admin 1h key {KEY_ID}",
        f"request prod admin 1h {KEY_ID[:6]}\u200b{KEY_ID[6:]}",
        f"request prod admin 1h aws_secret_access_key={SECRET}",
        f"request prod admin 1h ({SECRET})",
        f"request prod admin 1h {TOKEN}",
        f"request {KEY_ID} admin",
        f"request prod admin --as {SECRET}",
        f"revoke 42 {SECRET}",
        f"audit ASIA{KEY_ID[4:]}",
        KEY_ID,
    ],
)
def test_a_secret_is_refused_and_not_repeated(text: str) -> None:
    answer = parse(text)
    assert isinstance(answer, Unclear)
    assert "AWS key or token" in answer.sentence
    for secret in (KEY_ID, KEY_ID[4:], SECRET, TOKEN):
        assert secret not in answer.sentence


@pytest.mark.parametrize(
    "word",
    [
        "9fceb02d0ae598e95dc970b74767f19372d61af8",  # a commit
        "9FCEB02D0AE598E95DC970B74767F19372D61AF8",
        "AROAIOSFODNN7EXAMPLE1",  # the id of a role
        "https://example.com/Projects/Operations/Incidents/2026",
        "the-quick-brown-fox-jumps-over-the-lazy-d",
        "x" * 200,
    ],
)
def test_what_only_looks_long_is_no_secret(word: str) -> None:
    assert parse(f"request prod admin 1h {word}") == admin(word, HOUR)


def test_a_mention_that_was_typed_by_hand_is_nobody() -> None:
    assert isinstance(parse("revoke &lt;@U012ABCDE&gt;"), Unclear)


def test_an_answer_holds_no_markup_of_what_was_typed() -> None:
    for text in (
        "&lt;!channel&gt;",
        "request &lt;!here&gt;/a/b",
        "help &lt;@U1&gt;`x",
        "`a`&amp;b",
    ):
        answer = parse(text)
        assert isinstance(answer, Unclear)
        assert "<" not in answer.sentence
        assert answer.sentence.count("`") % 2 == 0


def test_a_reason_may_have_five_hundred_characters() -> None:
    assert parse("request prod admin 1h " + "x" * 500) == admin("x" * 500, HOUR)


@pytest.mark.parametrize("topic", [None, *TOPICS])
def test_every_command_in_the_help_is_one(topic: str | None) -> None:
    examples = re.findall(r"• `/xacct ([^`]*)`", help_text(topic))
    assert examples or topic == "list"
    for one in examples:
        assert not isinstance(parse(one.replace("@alice", "<@U012ALICE>")), Unclear), one
