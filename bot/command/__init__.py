"""The grammar of `/xacct …`: text → a typed command, or a sentence that helps to write one."""

from bot.command.help import TOPICS, help_text
from bot.command.parse import parse
from bot.command.render import render
from bot.command.said import (
    Approve,
    Audit,
    ById,
    ByPerson,
    ByRole,
    Cancel,
    Command,
    Deny,
    Extend,
    Help,
    List,
    Request,
    Revoke,
    Roles,
    Show,
    Unclear,
    Who,
)

__all__ = [
    "TOPICS",
    "Approve",
    "Audit",
    "ById",
    "ByPerson",
    "ByRole",
    "Cancel",
    "Command",
    "Deny",
    "Extend",
    "Help",
    "List",
    "Request",
    "Revoke",
    "Roles",
    "Show",
    "Unclear",
    "Who",
    "help_text",
    "parse",
    "render",
]
