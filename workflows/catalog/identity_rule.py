"""How people find their identity in AWS who are not listed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class IdentityRule:
    """How people who are not listed find their IAM user, by an e-mail address Slack confirmed.

    The address, or its part before the @, is the user's name, or the value of the user's `tag`.
    """

    domain: str
    tag: str | None
    compares_local_part: bool
