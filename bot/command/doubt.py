"""How the grammar says that it does not understand."""


class Doubt(Exception):  # noqa: N818  it is an answer, not a fault
    """What was typed can be read in two ways, or in none; `str()` is the sentence, in mrkdwn."""


def copyable(text: str) -> str:
    """The command, as code that can be copied and sent; `text` is escaped already."""
    return f"`/xacct {text.replace('`', chr(39))}`"
