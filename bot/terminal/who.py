"""Who sits at the terminal, as the audit log names him."""

import os
import pwd

from workflows.aws.caller import caller
from workflows.aws.sessions import aws_session


def who() -> str:
    """Whose keys are set, as AWS says; else the system's user."""
    return caller(aws_session()) or system_user()


def system_user() -> str:
    """As the system knows him: what the environment calls him is for everybody to choose."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # in a container
        return f"uid {number}"
