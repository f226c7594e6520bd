"""What `/xacct help` answers, in Slack's mrkdwn."""

from typing import Final

_LENGTHS: Final = "`45m`, `1h30m`, `2 hours`, `1.5h`, `1d`"

_REQUEST: Final = f"""\
*Ask for a role*
`/xacct request <account> <role> [how long] [--as <machine>] <why>`
• `/xacct request prod-payments admin 1h30m INC-42: refunds are stuck`
• `/xacct request 1111-2222-3333 readonly 45m "looking at a bill"`
• `/xacct request prod-payments deploy 1h --as ci release 2.4`
An account is an id, a name or an alias; a name with spaces goes into double quotes. \
A length of time is written like {_LENGTHS}; without one, the role's usual time is meant. \
Write `--as` before the reason. Everything after is the reason."""

_EXTEND: Final = f"""\
*Ask for more time*
`/xacct extend <number> <how much longer> [why]`
• `/xacct extend #42 30m` half an hour more, from the end of that request on
• `/xacct extend #42 1h the restore is still running`
It needs an approval like any request, before the end; nothing is closed in between. The whole \
time without a break stays within what the role is lent for. A length of time is written like \
{_LENGTHS}. `/xacct list` shows the numbers. You may extend your own access, and that of your \
machines."""

_REVOKE: Final = """\
*End access now*
`/xacct revoke <number, role or person> [why]`
• `/xacct revoke #42` the access of that request
• `/xacct revoke prod-payments/admin` your own access to that role; if you have none, \
everybody's that you may end
• `/xacct revoke @alice left the team` everything that person has open or waiting
It acts at once, on open sessions too. You may end your own access, that of your machines, and \
what you approve. `/xacct revoke --all [account or person]` ends everything there, for \
administrators of xacct, after a typed confirmation:
• `/xacct revoke --all prod-payments`
• `/xacct revoke --all @alice`"""

_FREEZE: Final = """\
*Open nothing any more*
`/xacct freeze [account or person] [why]`
• `/xacct freeze all we are under attack`
• `/xacct freeze prod-payments forensics`
• `/xacct freeze @alice her laptop was stolen`
Nothing is asked, approved or opened there until `/xacct thaw`. What is open stays open: end it \
with `/xacct revoke --all`. For administrators of xacct."""

_THAW: Final = """\
*End a freeze*
`/xacct thaw [account or person]`
• `/xacct thaw all`
• `/xacct thaw prod-payments`
It ends exactly that freeze. For administrators of xacct."""

_BREAK_GLASS: Final = """\
*Open a role in an emergency, without an approver*
`/xacct break-glass <account> <role> <why nobody can wait>`
• `/xacct break-glass prod-payments admin payments are down, nobody answers`
• `/xacct break-glass` shows the roles that you may open so
It opens a window that says what will happen; nothing is opened until the role's name is typed \
there. For people whom the catalog names, for a short time, once a day. It is told at once to a \
channel, and another person has to sign its review."""

_SIGN: Final = """\
*Sign the review of a break-glass use*
`/xacct sign <number> [what you looked at]`
• `/xacct sign #42 CloudTrail shows the restart only`
It opens the window in which you sign, when the use is over. For approvers of the role and \
administrators of xacct, never for your own use."""

_CANCEL: Final = """\
*Take a request back*
`/xacct cancel <number>`
• `/xacct cancel #42`
It works while nobody has decided, on your own requests and those for your machines. What is open \
is ended by `/xacct revoke`."""

_APPROVE: Final = """\
*Approve a request*
`/xacct approve <number> [what you say to it]`
• `/xacct approve #42 go ahead, the ticket is fine`
It shows you the request as it stands, with the button that approves it: what you decide on is \
what you see. What you say to it goes into the audit log. You decide on roles that you approve, \
never on your own requests."""

_DENY: Final = """\
*Deny a request*
`/xacct deny <number> [why]`
• `/xacct deny #42 the change is frozen until Monday`
It is final; who asked is told why, and may ask again."""

_LIST: Final = """\
*See what is yours*
`/xacct list` shows what you have open or waiting, and what waits for your decision."""

_ROLES: Final = """\
*See what you may ask for*
`/xacct roles [words]` shows the roles you may ask for, and for how long; with words, those that \
hold all of them in their names.
• `/xacct roles payments`"""

_WHO: Final = """\
*See who is in*
`/xacct who <account> [role]` shows who is in now, until when, and who approved it.
• `/xacct who prod-payments`
• `/xacct who prod-payments admin`
You see the roles that you may ask for, or approve."""

_SHOW: Final = """\
*See one request*
`/xacct show <number>`
• `/xacct show #42`
It shows a request as it stands, with the buttons that work for you. It is \
for who asked, and who approves the role."""

_ACTIVITY: Final = """\
*See what was done with a grant*
`/xacct activity <number>`
• `/xacct activity #42`
It asks CloudTrail what the sessions of that grant did in the account: calls that changed \
something first, then reads, and what AWS refused. CloudTrail knows a call after about a quarter \
of an hour; when a grant is over, the thread of its card hears it by itself. It is for who asked, \
and who approves the role."""

_AUDIT: Final = """\
*Ask the audit log*
• `/xacct audit user:@alice account:prod* since:7d`
• `/xacct audit role:admin action:approved until:2026-01-31`
• `/xacct audit #42 "why it was done"`
• `/xacct audit -action:refused since:yesterday`
Parts stand in any order: `user:`, `account:`, `role:`, `action:`, `since:`, `until:`, `id:` and \
words; `*` stands for any characters in a name, `-` before a part leaves out. Times are `90m`, \
`12h`, `7d`, `2w` ago, a day, `2026-01-31T14:30`, `today`, `yesterday`, in your zone. The newest \
come first; Next and Previous go on, and the whole comes as a file. You see what you did, what is \
about your requests, and the roles that you decide on.
• `/xacct audit anchor` has the log's head put outside of the database now (administrators and \
auditors)"""

_TOPICS: Final = {
    "request": _REQUEST,
    "extend": _EXTEND,
    "revoke": _REVOKE,
    "break-glass": _BREAK_GLASS,
    "sign": _SIGN,
    "freeze": _FREEZE,
    "thaw": _THAW,
    "cancel": _CANCEL,
    "approve": _APPROVE,
    "deny": _DENY,
    "list": _LIST,
    "roles": _ROLES,
    "who": _WHO,
    "show": _SHOW,
    "activity": _ACTIVITY,
    "audit": _AUDIT,
}
TOPICS: Final = tuple(_TOPICS)

_OVERVIEW: Final = """\
*xacct* lends you a role in another AWS account, for a while, with approval.
• `/xacct request prod-payments admin 1h why I need it` asks for a role
• `/xacct extend #42 30m` asks for more time
• `/xacct revoke #42` ends access now; `/xacct cancel #42` takes a request back
• `/xacct break-glass prod-payments admin why` opens a role in an emergency, for who is named for it
• `/xacct list` shows what you have open or waiting, and what waits for you
• `/xacct roles payments` shows what you may ask for; `/xacct who prod-payments` who is in now
• `/xacct show #42`, `/xacct approve #42` and `/xacct deny #42` are about one request
• `/xacct activity #42` shows what was done with a grant
• `/xacct audit account:prod* since:7d` asks the audit log
• `/xacct help request` says more, and so on for each of these words"""


def help_text(topic: str | None) -> str:
    """The help on one of TOPICS, or the overview. Raises KeyError for any other topic."""
    return _OVERVIEW if topic is None else _TOPICS[topic]
