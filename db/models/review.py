"""The review of a break-glass use: what its channel was told, and who signed it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Table


class Review(Table):
    """One break-glass use, open until another person has signed it."""

    __tablename__ = "reviews"
    __table_args__ = (Index("ix_reviews_say", "say_at"),)

    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(24))  # which hears of it, where it can
    say_at: Mapped[datetime | None]  # next moment that channel is owed a word
    changed: Mapped[int] = mapped_column(default=1)  # how often it came to be owed one
    attempts: Mapped[int] = mapped_column(default=0)
    said_channel: Mapped[str | None] = mapped_column(String(24))
    said_ts: Mapped[str | None] = mapped_column(String(32))  # the word that it was filed
    card_channel: Mapped[str | None] = mapped_column(String(24))
    card_ts: Mapped[str | None] = mapped_column(String(32))
    reminded: Mapped[int] = mapped_column(default=0)
    signed_by: Mapped[str | None] = mapped_column(String(24))
    signed_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(Text)
