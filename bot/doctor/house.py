"""All that the doctor looks at, put together: whatever is broken keeps nothing else from being
looked at.
"""

import logging
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Final

from slack_sdk import WebClient

from bot import rosters, told, wiring
from bot.doctor import asking, memory, slack
from bot.doctor.slack import Facts
from bot.settings import Settings, mistakes
from bot.told import Mistakes
from workflows.anchors import objects_of
from workflows.aws.caller import identity
from workflows.aws.fence import Managers
from workflows.aws.lookup import Lookup
from workflows.aws.sessions import aws_session
from workflows.aws.trail import Trail
from workflows.aws.vendor import Vendor
from workflows.catalog.load import partly
from workflows.catalog.model import Catalog
from workflows.clock import Clock
from workflows.directory import Directory
from workflows.doctor import catalog as catalogs
from workflows.doctor import clocks, run
from workflows.doctor.clocks import Told
from workflows.doctor.finding import Finding, Section, red, yellow
from workflows.doctor.read import Ways
from workflows.doctor.run import Accounts
from workflows.errors import Trouble
from workflows.seen import Caller

log = logging.getLogger(__name__)

_AT_ONCE: Final = 8  # questions to Slack beside each other
_PARTS: Final = 3  # Slack, the database, whose keys these are

Said = Callable[[], None]


class House:
    """What the environment and the catalog lead to; nothing is asked of anybody yet."""

    def __init__(self, env: Mapping[str, str], clock: Clock) -> None:
        self._env, self._clock = env, clock
        self._settings = Settings.as_told(env)
        self._catalog, self._mistaken = self._read_catalog()

    @property
    def steps(self) -> int:
        """How many steps `sections` tells of."""
        accounts = len(self._catalog.accounts) + 1 if self._catalog is not None else 0
        return _PARTS + accounts

    @property
    def secrets(self) -> list[str]:
        """What must not be shown, whatever it got into; the longest first."""
        return memory.secrets(self._settings, self._catalog)

    def sections(self, said: Said) -> list[Section]:
        """Everything in its order; `said` is told of each step. Never raises."""
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ask") as pool:
            asked = pool.submit(_stepping, said, lambda: self._slack(pool))
            remembered = pool.submit(_stepping, said, lambda: memory.look(self._env, self._clock))
            caller, aws_time = _stepping(said, self._caller)
            accounts = self._accounts(caller, said)
            facts, database = asked.result(), remembered.result()
        catalog = self._catalog
        return [
            run.section("settings", self._of_settings),
            run.section("Slack", lambda: slack.findings(facts, catalog)),
            run.section("AWS", lambda: self._of_aws(caller)),
            *self._of_accounts(accounts),
            run.section("catalog", lambda: self._of_catalog(facts)),
            run.section("database", lambda: memory.findings(database, catalog, accounts)),
            run.section("clock", lambda: clocks.findings(aws_time, database.time)),
        ]

    # --- settings and catalog

    def _read_catalog(self) -> tuple[Catalog | None, list[Finding]]:
        file = self._settings.catalog
        try:
            found, wrong = partly(told.catalog_text(file))
        except Mistakes as mistaken:
            words = f"There is no catalog to read: {'; '.join(mistaken.lines)}."
            fix = "`xacct catalog check` says when it is right."
            return None, [red("catalog-missing", "XACCT_CATALOG", words, fix)]
        return found, catalogs.mistaken(str(file), wrong)

    def _of_settings(self) -> Iterable[Finding]:
        lines = mistakes(self._env)
        if self._catalog is not None:
            unmet = wiring.without_pagerduty(self._settings, self._catalog)
            lines += [unmet] if unmet is not None else []
        for line in lines:
            yield red(
                "setting",
                line.split(" ", 1)[0],
                f"{line}.",
                "Set it in the environment of xacct; README.md lists all settings.",
            )
        if self._env.get("XACCT_MIGRATIONS_URL"):
            yield yellow(
                "owner-known",
                "XACCT_MIGRATIONS_URL",
                "XACCT_MIGRATIONS_URL is set here: where xacct runs with it, its environment is "
                "enough to change what was recorded.",
                "Set it for `xacct db upgrade` alone, and start xacct without it.",
            )

    def _of_catalog(self, facts: Facts) -> Iterable[Finding]:
        yield from self._mistaken
        if self._mistaken:
            left = (
                "Without a catalog neither accounts, channels nor people were looked at."
                if self._catalog is None
                else "What the mistakes are about was left out, and groups were not compared with "
                "the catalog."
            )
            fix = "Mend the catalog, and run this again."
            yield yellow("not-looked-at", "catalog", left, fix)
        if self._catalog is not None:
            yield from catalogs.findings(self._catalog)
            yield from self._of_approvals(self._catalog, facts)

    def _of_approvals(self, catalog: Catalog, facts: Facts) -> Iterable[Finding]:
        duties = rosters.duties(self._settings, asking.told_of(facts.rosters))
        yield from slack.rosters(asking.schedules(duties, catalog, now=self._clock.now()))
        directory = Directory(None, asking.known(facts, self._client, catalog.team))
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="approve") as pool:
            around = catalogs.Around(catalog, self._clock, directory, duties, pool)
            yield from catalogs.approvals(around)

    # --- Slack

    @cached_property
    def _client(self) -> WebClient:
        return asking.patient(self._settings.slack_bot_token, self._settings.slack_api_url)

    def _slack(self, pool: ThreadPoolExecutor) -> Facts:
        try:
            return asking.facts(self._settings, self._client, self._catalog, pool)
        except Exception as error:  # the last line of defence
            log.exception("asking Slack broke")
            return Facts(f"xacct broke: {type(error).__name__}")

    # --- AWS

    def _caller(self) -> tuple[Caller | str, Told | None]:
        """Whose keys these are, or why that is not known; and AWS's time."""
        try:
            before = self._clock.now()
            found, at = identity(aws_session())
            return found, Told(at, before, self._clock.now())
        except Trouble as trouble:
            return trouble.plain, None
        except Exception as error:  # noqa: BLE001  a profile or a region that botocore cannot use
            return f"{type(error).__name__}: AWS's settings cannot be used", None

    def _of_aws(self, caller: Caller | str) -> Iterable[Finding]:
        yield from run.identity(caller, self._catalog)
        if self._catalog is not None and not isinstance(caller, str):
            yield from run.kept(objects_of(self._catalog))

    def _accounts(self, caller: Caller | str, said: Said) -> Accounts | None:
        catalog = self._catalog
        if catalog is None or isinstance(caller, str):
            return None
        name = f"doctor-{uuid.uuid4().hex[:8]}"
        ways = Ways(
            managers=Managers(aws_session(), clock=self._clock, run=name),
            vendor=Vendor(aws_session(), run=name),
            trail=Trail(Lookup(aws_session(), run=name)),
        )
        return run.accounts(ways, catalog, now=self._clock.now(), said=said)

    def _of_accounts(self, found: Accounts | None) -> list[Section]:
        if self._catalog is None:
            return []
        if found is None:
            return run.not_read(self._catalog)
        now, whole = self._clock.now(), not self._mistaken
        return run.sections(self._catalog, found, now=now, whole=whole)


def _stepping(said: Said, work: Callable[[], run.T]) -> run.T:
    try:
        return work()
    finally:
        said()
