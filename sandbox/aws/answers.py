"""Answers in the XML of AWS's query protocol."""

from uuid import uuid4
from xml.sax.saxutils import escape

from sandbox.aws.errors import AwsError

Answer = tuple[int, dict[str, str], bytes]

NAMESPACES = {
    "cloudformation": "http://cloudformation.amazonaws.com/doc/2010-05-15/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}


def success(service: str, action: str, result: str = "") -> Answer:
    """A call that was done; `result` is the XML inside of its result element."""
    if result:
        result = f"<{action}Result>{result}</{action}Result>"
    return _answer(
        200,
        f'<{action}Response xmlns="{NAMESPACES[service]}">{result}'
        f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata></{action}Response>",
    )


def refusal(service: str, error: AwsError) -> Answer:
    """A call that was refused."""
    return _answer(
        error.status,
        f'<ErrorResponse xmlns="{NAMESPACES[service]}"><Error><Type>Sender</Type>'
        f"<Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{uuid4()}</RequestId></ErrorResponse>",
    )


def _answer(status: int, text: str) -> Answer:
    return status, {"Content-Type": "text/xml"}, text.encode()
