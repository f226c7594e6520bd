"""What AWS answers when it refuses a call."""


class AwsError(Exception):
    """A refusal, in the three parts a client sees."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def malformed(message: str) -> AwsError:
    """A policy document that AWS does not accept."""
    return AwsError(400, "MalformedPolicyDocument", message)


def invalid(message: str) -> AwsError:
    """A parameter outside of what the API allows."""
    return AwsError(400, "ValidationError", message)


def over_quota(message: str) -> AwsError:
    """More than a quota of the account lets in."""
    return AwsError(409, "LimitExceeded", message)


def conflict(message: str) -> AwsError:
    """Something that still has parts and cannot be deleted."""
    return AwsError(409, "DeleteConflict", message)


def denied(message: str) -> AwsError:
    """A call that is not allowed."""
    return AwsError(403, "AccessDenied", message)
