import logging

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
