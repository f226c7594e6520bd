"""Every error code of AWS means one thing to xacct; no answer is never taken for a yes."""

import re
from json import JSONDecodeError
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from workflows.aws.errors import (
    MEANINGS,
    AwsBusy,
    AwsExpired,
    AwsFull,
    AwsGone,
    AwsRefused,
    AwsUnclear,
    translated,
)
from workflows.aws.sessions import opened
from workflows.errors import Trouble, is_same


def said(code: str, status: int = 400) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": "as AWS puts it"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "AnyCall")


def trouble(error: Exception) -> Trouble:
    with pytest.raises(Trouble) as raised, translated("iam:AnyCall"):
        raise error
    return raised.value


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("NoSuchEntity", AwsGone),
        ("LimitExceeded", AwsFull),
        ("AccessDenied", AwsRefused),
        ("MalformedPolicyDocument", AwsRefused),
        ("UnmodifiableEntity", AwsRefused),
        ("InvalidInput", AwsRefused),
        ("ValidationError", AwsRefused),
        ("PackedPolicyTooLarge", AwsRefused),
        ("RegionDisabledException", AwsRefused),
        ("SignatureDoesNotMatch", AwsRefused),
        ("OptInRequired", AwsRefused),
        ("ConcurrentModification", AwsBusy),
        ("EntityTemporarilyUnmodifiable", AwsBusy),
        ("Throttling", AwsBusy),
        ("RequestLimitExceeded", AwsBusy),
        ("TooManyRequestsException", AwsBusy),
        ("ExpiredToken", AwsExpired),
        ("InvalidClientTokenId", AwsExpired),
        ("ServiceFailure", AwsUnclear),
        ("PolicyEvaluation", AwsUnclear),
    ],
)
def test_a_code_means_what_the_table_says(code: str, meaning: type[Trouble]) -> None:
    assert type(trouble(said(code))) is meaning
    assert type(trouble(said(code, 503))) is meaning


def test_a_code_that_is_not_in_the_table_is_a_no_or_says_nothing() -> None:
    assert "Unheard" not in MEANINGS
    assert type(trouble(said("Unheard"))) is AwsRefused
    assert type(trouble(said("Unheard", 500))) is AwsUnclear


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="http://aws"),
        ReadTimeoutError(endpoint_url="http://aws"),
        ResponseParserError("<Secret>half a reply"),
        FileNotFoundError(2, "No such file", "/run/secrets/<Secret>"),  # of a web identity
        JSONDecodeError("Expecting value", "<Secret>", 0),  # what a credential_process said
    ],
)
def test_no_answer_is_never_taken_for_one_and_is_not_repeated(error: Exception) -> None:
    found = trouble(error)

    assert type(found) is AwsUnclear
    assert "Secret" not in str(found)
    assert "http" not in str(found)


def test_what_aws_said_has_the_id_of_its_request_which_makes_it_no_other_trouble() -> None:
    texts = []
    for number in ("8b1f5c0e-1f2a-4b3c-9d4e-5f6071829304", "other-id-1234"):
        error = said("AccessDenied")
        error.response["ResponseMetadata"]["RequestId"] = number
        found = trouble(error)
        assert str(found) == f"{found.plain} (AWS request {number})"
        texts.append(str(found))

    assert is_same(*texts)
    assert is_same(None, None)
    assert not is_same(texts[0], None)
    assert not is_same(texts[0], "iam:AnyCall: Throttling")


@pytest.mark.parametrize(
    ("error", "words"),
    [(NoRegionError(), "AWS_DEFAULT_REGION"), (NoCredentialsError(), "there are no keys")],
)
def test_what_boto3_was_not_told_is_said_with_how_it_is_told(error: Exception, words: str) -> None:
    found = trouble(error)

    assert type(found) is AwsBusy
    assert words in str(found)


def test_where_aws_gave_no_id_the_words_and_the_log_have_one_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    texts = [str(trouble(ReadTimeoutError(endpoint_url="http://aws"))) for _ in range(2)]

    references = [re.search(r" \(reference ([0-9a-f]{8})\)$", text) for text in texts]
    for reference in references:
        assert reference is not None
        assert f"iam:AnyCall: no clear answer from AWS: ReadTimeoutError [{reference[1]}]" in (
            caplog.messages
        )
    assert texts[0] != texts[1]
    assert is_same(*texts)


def test_an_id_that_is_none_is_not_repeated() -> None:
    error = said("AccessDenied")
    error.response["ResponseMetadata"]["RequestId"] = "<https://evil.example|here>"

    assert str(trouble(error)) == "iam:AnyCall: AccessDenied: as AWS puts it"


def test_a_long_message_of_aws_is_cut() -> None:
    error = said("AccessDenied")
    error.response["Error"]["Message"] = "x" * 10_000

    assert len(str(trouble(error))) < 600


@pytest.mark.parametrize(
    "lines",
    [
        "[profile own]\ncredential_process = echo not-json-<Secret>",
        "[profile own]\ncredential_process = false",
        "[profile own]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = own",
        "[profile own",
    ],
)
def test_settings_of_aws_that_cannot_be_read_are_said_at_once_and_not_repeated(
    lines: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(lines)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(Trouble, match="AWS's settings cannot be read") as raised:
        opened("own")

    assert "Secret" not in str(raised.value)
