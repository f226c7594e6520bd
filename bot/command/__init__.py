"""The grammar of `/xacct …`: text → a typed command, or a sentence that helps to write one."""

from bot.command.help import TOPICS, help_text
from bot.command.parse import parse
from bot.command.said import (
    Audit,
    ById,
    ByPerson,
    ByRole,
    Command,
    Extend,
    Help,
    List,
    Request,
    Revoke,
    Unclear,
    render,
)

__all__ = [
    "TOPICS",
    "Audit",
    "ById",
    "ByPerson",
    "ByRole",
    "Command",
    "Extend",
    "Help",
    "List",
    "Request",
    "Revoke",
    "Unclear",
    "help_text",
    "parse",
    "render",
]
