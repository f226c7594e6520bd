"""Which requests are somebody's to decide on: by the roles that he decides on, or asked of him."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Text, cast, or_

from db.models import Request


def on_roles(role_arns: Collection[str], asked: str | None = None) -> ColumnElement[bool]:
    """On any of these roles; or else, with `asked`, asked of this person, on whichever role."""
    on = Request.role_arn.in_(role_arns)
    if asked is None:
        return on
    return or_(on, cast(Request.asked_of, Text).contains(f'"{asked}"', autoescape=True))
