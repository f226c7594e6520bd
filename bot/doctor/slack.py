"""Findings of Slack, out of what Slack said. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.channels import SENTENCES, Fault
from workflows import rules
from workflows.catalog.model import EVERYONE, Catalog
from workflows.doctor.finding import Finding, red, yellow
from workflows.drift.places import named
from workflows.duties import Roll
from workflows.errors import NotAllowed
from workflows.person import Person

SCOPES: Final = {
    "commands": "/xacct and the buttons",
    "channels:read": "whether a channel for cards is shared outside",
    "groups:read": "the same of private channels",
    "chat:write": "cards and messages",
    "files:write": "what was asked out of the audit log, as a file",
    "im:write": "where that file is sent",
    "usergroups:read": "who is in a user group that decides",
    "users:read": "who clicks",
    "users:read.email": "the confirmed address, by which one person under two names is found",
}
"""The scopes of the bot token, as `slack-app-manifest.yaml` asks for them, and what needs each."""

_TOKENS: Final = "https://api.slack.com/apps"


@dataclass(frozen=True)
class Home:
    """The workspace that the bot token is of, by auth.test, and its organisation if it has one
    (Enterprise Grid). `whole_org` is set where the app was installed on all of that. `scopes` None:
    Slack did not name them.
    """

    team: str
    whole_org: bool
    scopes: frozenset[str] | None
    enterprise: str | None = None


@dataclass(frozen=True)
class Facts:
    """What Slack said. A text stands for Slack's error, or for why it could not be asked.

    `socket` is the app token's, None where a socket could be opened. `channels` by id: None where
    nothing is wrong. `people` by id: None where Slack knows nobody of that id. `rosters` are
    user groups by id, with who is in them.
    """

    home: Home | str
    socket: str | None = None
    channels: Mapping[str, Fault | str | None] = field(default_factory=dict)
    people: Mapping[str, Person | str | None] = field(default_factory=dict)
    rosters: Mapping[str, Roll | str] = field(default_factory=dict)


def findings(facts: Facts, catalog: Catalog | None) -> list[Finding]:
    """What is wrong with Slack; without a catalog, with the tokens alone."""
    found = list(_tokens(facts))
    if isinstance(facts.home, str):
        return found
    found += _scopes(facts.home.scopes)
    if catalog is None:
        found.append(
            yellow(
                "not-looked-at",
                "catalog",
                "Without a catalog neither channels nor people were looked at.",
                "Mend what is said of the catalog, and run this again.",
            )
        )
    else:
        found += _team(facts.home, catalog)
        found += _channels(facts.channels)
        found += _people(facts.people, catalog)
        found += rosters(facts.rosters)
    return found


# --- tokens


def _tokens(facts: Facts) -> Iterator[Finding]:
    if isinstance(facts.home, str):
        yield red(
            "bot-token",
            "SLACK_BOT_TOKEN",
            f"Slack does not take the bot token ({facts.home}), so channels, people and user "
            "groups were not looked at.",
            f"Copy it anew ({_TOKENS}, the app, OAuth & Permissions); install the app to the "
            "workspace if there is none. If Slack did not answer, look at the way to slack.com.",
        )
    if facts.socket is not None:
        yield red(
            "app-token",
            "SLACK_APP_TOKEN",
            f"Slack opens no socket with the app token ({facts.socket}), so xacct hears nothing.",
            f"Make an app-level token with connections:write ({_TOKENS}, the app, Basic "
            "Information), and let Socket Mode be on (`settings.socket_mode_enabled` of the "
            "manifest).",
        )


def _scopes(scopes: frozenset[str] | None) -> Iterator[Finding]:
    if scopes is None:
        yield yellow(
            "scopes-unknown",
            "scopes",
            "Slack did not name the scopes of the bot token, so whether one lacks is not known.",
            f"Compare them with `oauth_config.scopes.bot` of slack-app-manifest.yaml ({_TOKENS}).",
        )
        return
    for scope in SCOPES:
        if scope not in scopes:
            yield red(
                "scope-missing",
                scope,
                f"The bot token lacks the scope {scope}: {SCOPES[scope]}.",
                f"Give the app the manifest slack-app-manifest.yaml ({_TOKENS}, the app, App "
                "Manifest) and install it anew: the token gets the scope then.",
            )
    if more := sorted(scopes - SCOPES.keys()):
        yield yellow(
            "scope-superfluous",
            more[0],
            f"The bot token has scopes that xacct does not need: {named(more)}.",
            "Take them out (OAuth & Permissions of the app, or the manifest) and install it anew.",
        )


def _team(home: Home, catalog: Catalog) -> Iterator[Finding]:
    if home.team != catalog.team:
        yield red(
            "team-other",
            "slack.team",
            f"The bot token is of the workspace {home.team}, and the catalog says {catalog.team}: "
            "xacct would serve nobody.",
            "Mend `slack.team` in the catalog, or take the token of the other workspace.",
        )
    if home.enterprise != catalog.enterprise:
        yield red(
            "enterprise-other",
            "slack.enterprise",
            f"The bot token is of {_org(home.enterprise)}, and the catalog says "
            f"{_org(catalog.enterprise)}: xacct does not start.",
            "Write the organisation that the token is of under `slack.enterprise`, or none.",
        )
    if home.whole_org:
        yield yellow(
            "org-install",
            "SLACK_BOT_TOKEN",
            "The app is installed on a whole organisation, and xacct serves one workspace.",
            "Install it to the one workspace (`org_deploy_enabled: false` in the manifest).",
        )


def _org(enterprise: str | None) -> str:
    return f"the organisation {enterprise}" if enterprise else "no organisation"


# --- channels and user groups


def _channels(channels: Mapping[str, Fault | str | None]) -> Iterator[Finding]:
    for channel, fault in sorted(channels.items()):
        if isinstance(fault, Fault):
            wrong, fix = SENTENCES[fault]
            yield red(f"channel-{fault}", channel, f"The channel {channel} {wrong}", fix)
        elif fault is not None:
            yield red(
                "channel-unknown",
                channel,
                f"Slack does not say whether the channel {channel} takes cards ({fault}).",
                "Run it again; while Slack does not say, nothing is posted there.",
            )


def rosters(rolls: Mapping[str, Roll | str]) -> Iterator[Finding]:
    """Those rosters, by their ids, of which a text says why they cannot be read."""
    for group, words in sorted(rolls.items()):
        if isinstance(words, str):
            yield red(
                "roster-unread",
                group,
                f"Who is on the roster {group} cannot be read ({words}): its fallback decides, "
                "and of an escalation nobody.",
                "Mend `slack_group` or `pagerduty` in the catalog, or the token that reads it.",
            )


# --- people


def people_of(catalog: Catalog) -> Mapping[str, list[str]]:
    """Everybody whom the catalog names, by Slack id, with the places where it does."""
    places: dict[str, list[str]] = defaultdict(list)

    def name(users: Iterable[str], place: str) -> None:
        for user in users:
            if user != EVERYONE and place not in places[user]:
                places[user].append(place)

    name(catalog.admins, "admins")
    name(catalog.auditors, "auditors")
    name((one.slack for one in catalog.engineers), "people")
    name((one.slack for one in catalog.visitors), "identity_center")
    for machine in catalog.machines:
        name(machine.owners, f"owners of {machine.name}")
    for role in catalog.roles:
        name(role.deciders, f"approvers of {role.key}")
        name(role.requesters, f"requesters of {role.key}")
        if role.break_glass is not None:
            name(role.break_glass.people, f"break_glass of {role.key}")
    for rule in catalog.auto_approve:
        name(sorted(rule.requesters or ()), f"the rule {rule.name}")
    return places


def _people(people: Mapping[str, Person | str | None], catalog: Catalog) -> Iterator[Finding]:
    places, silent = people_of(catalog), defaultdict(list)
    for user, person in sorted(people.items()):
        where = named(places.get(user, ()), most=3)
        if person is None:
            yield red(
                "person-missing",
                user,
                f"Slack knows nobody of the id {user}, whom the catalog names ({where}).",
                "Mend the id: in Slack, the person's profile, Copy member ID.",
            )
        elif isinstance(person, str):
            silent[person].append(user)
        elif (words := _unable(person, catalog)) is not None:
            yield yellow(
                "person-unable",
                user,
                f"{user} is in the catalog ({where}), and xacct would tell him: “{words}”",
                "Take him out of the catalog, or mend his Slack account.",
            )
    if catalog.admins and all(_is_nobody(people.get(one), catalog) for one in catalog.admins):
        yield red(
            "admins-unable",
            "admins",
            f"None of the administrators can use xacct: {named(catalog.admins)}.",
            "Name at least one full member of the workspace under `admins`.",
        )
    for words, users in silent.items():
        yield red(
            "person-unknown",
            users[0],
            f"Slack does not say who {named(users)} {'are' if len(users) > 1 else 'is'} ({words}).",
            "Run it again in a minute; while Slack does not say, they can do nothing.",
        )


def _is_nobody(person: Person | str | None, catalog: Catalog) -> bool:
    """Whether Slack says that he can do nothing; where it says nothing, he may."""
    return person is None or (isinstance(person, Person) and _unable(person, catalog) is not None)


def _unable(person: Person, catalog: Catalog) -> str | None:
    try:
        rules.identified(person, catalog)
    except NotAllowed as sentence:
        return str(sentence)
    return None
