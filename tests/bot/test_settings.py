import logging
import re

import pytest

from bot.settings import SLACK, Secret, Settings
from bot.told import Mistakes

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1-secret",
    "SLACK_APP_TOKEN": "xapp-1-secret",
    "XACCT_AUDIT_KEY": "k" * 32,
    "XACCT_DATABASE_URL": "postgresql+psycopg://bot:hunter2@db/xacct",
}


def test_only_the_secrets_must_be_given_the_rest_has_a_use_as_it_is() -> None:
    settings = Settings.from_env({k: v for k, v in GOOD.items() if k != "XACCT_DATABASE_URL"})

    assert settings.slack_api_url == SLACK
    assert settings.store.database_url.reveal() == "sqlite:///xacct.db"
    assert str(settings.catalog) == "xacct.yaml"


def test_everything_wrong_is_said_at_once() -> None:
    wrong = {
        "SLACK_APP_TOKEN": "xoxb-taken-for-the-other",
        "XACCT_AUDIT_KEY": "short",
        "XACCT_DATABSE_URL": "sqlite:///x.db",
        "SLACK_API_URL": "slack",
    }

    with pytest.raises(Mistakes) as said:
        Settings.from_env(wrong)

    for name in ("SLACK_BOT_TOKEN", "SLACK_API_URL", *wrong):
        assert name in str(said.value)
    assert len(said.value.lines) == 5


def test_keys_that_were_replaced_are_told_in_order_and_the_one_in_use_is_none_of_them() -> None:
    older = ["a" * 32, "b" * 32]
    told = Settings.from_env({**GOOD, "XACCT_AUDIT_OLDER_KEYS": f"{older[0]}, {older[1]}"})
    assert [one.secret.decode() for one in told.store.key] == [*older, "k" * 32]
    assert "aaaa" not in repr(told)

    for wrong in ("short", f"{'a' * 32} {'k' * 32}"):
        with pytest.raises(Mistakes, match="XACCT_AUDIT_OLDER_KEYS"):
            Settings.from_env({**GOOD, "XACCT_AUDIT_OLDER_KEYS": wrong})


def test_a_wrong_address_of_pagerduty_is_a_mistake_and_its_token_a_secret() -> None:
    with pytest.raises(Mistakes, match="XACCT_PAGERDUTY_URL"):
        Settings.from_env({**GOOD, "XACCT_PAGERDUTY_URL": "pagerduty"})

    told = Settings.from_env({**GOOD, "XACCT_PAGERDUTY_TOKEN": "pd-secret"})
    assert told.pagerduty_token.reveal() == "pd-secret"
    assert "pd-secret" not in repr(told)


@pytest.mark.parametrize("url", ["mysql://db/x", "nonsense", "postgresql://db/x"])
def test_a_database_that_xacct_cannot_use_is_a_mistake_and_is_not_repeated(url: str) -> None:
    with pytest.raises(Mistakes) as said:
        Settings.from_env({**GOOD, "XACCT_DATABASE_URL": url})

    assert "XACCT_DATABASE_URL" in str(said.value)
    assert url not in str(said.value)


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("postgresql+psycopg://owner:hunter3@db/xacct", None),
        ("postgresql+psycopg://owner:hunter3@direct.db:5433/xacct", None),
        ("postgresql://owner:hunter3@db/xacct", "must begin with postgresql+psycopg://"),
        ("nonsense hunter3", "must begin with postgresql+psycopg://"),
        ("sqlite:///hunter3.db", "must begin with postgresql+psycopg://"),
        ("postgresql+psycopg://db/xacct?password=hunter3", "must both name their user"),
        ("postgresql+psycopg://owner:hunter3@db/other", "must name the database that"),
    ],
)
def test_the_owners_address_is_checked_against_xaccts_own(url: str, wrong: str | None) -> None:
    env = {**GOOD, "XACCT_MIGRATIONS_URL": url}
    if wrong is None:
        store = Settings.from_env(env).store
        assert (store.bot, "hunter3" in repr(store)) == ("bot", False)
        return

    with pytest.raises(Mistakes, match=re.escape(wrong)) as said:
        Settings.from_env(env)

    assert "XACCT_MIGRATIONS_URL" in str(said.value)
    assert "hunter3" not in str(said.value)


def test_one_role_for_migrations_and_for_xacct_is_one_role() -> None:
    same = {**GOOD, "XACCT_MIGRATIONS_URL": GOOD["XACCT_DATABASE_URL"]}
    lite = {**GOOD, "XACCT_DATABASE_URL": "", "XACCT_MIGRATIONS_URL": GOOD["XACCT_DATABASE_URL"]}

    assert Settings.from_env(GOOD).store.bot is None
    assert Settings.from_env(same).store.bot is None
    with pytest.raises(Mistakes, match="is for PostgreSQL"):
        Settings.from_env(lite)


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r}".format, "%s".__mod__])
def test_no_secret_stands_in_what_settings_look_like(show: object) -> None:
    settings = Settings.from_env(GOOD)

    assert callable(show)
    shown = show(settings) + show(settings.slack_bot_token)
    assert "***" in shown
    for secret in ("xoxb-1-secret", "xapp-1-secret", "k" * 32, "hunter2"):
        assert secret not in shown


def test_a_secret_stays_out_of_logs_and_tracebacks(caplog: pytest.LogCaptureFixture) -> None:
    password = Secret(GOOD["XACCT_DATABASE_URL"])
    broken = ValueError(password)

    logging.getLogger("bot").error("%s %r", password, Settings.from_env(GOOD), exc_info=broken)

    assert "ValueError: ***" in caplog.text
    assert "hunter2" not in caplog.text


def test_what_is_recorded_of_the_settings_holds_no_secret() -> None:
    """Not a proxy's password in an address either, nor a token behind it."""
    settings = Settings.as_told(
        {
            "SLACK_API_URL": "https://user:S3CRET@proxy.example:8443/api/",
            "SLACK_BOT_TOKEN": "xoxb-S3CRET",
            "SLACK_APP_TOKEN": "xapp-S3CRET",
            "XACCT_AUDIT_KEY": "S3CRET" * 8,
            "XACCT_AUDIT_OLDER_KEYS": "S3CRET1" * 8,
            "XACCT_DATABASE_URL": "postgresql+psycopg://u:S3CRET@db.example/x?password=S3CRET",
            "XACCT_MIGRATIONS_URL": "postgresql+psycopg://o:S3CRET@db.example/x",
            "XACCT_PAGERDUTY_TOKEN": "S3CRET",
            "XACCT_PAGERDUTY_URL": "https://pd.example/?token=S3CRET",
        }
    )

    told = settings.plain()

    assert "S3CRET" not in str(told)
    assert told["SLACK_API_URL"] == "https://proxy.example:8443/api/"
    assert told["XACCT_PAGERDUTY_URL"] == "https://pd.example/"
