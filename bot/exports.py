"""The payer of exports: a file out of the audit log, into a direct message."""

import logging
import ssl
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Final

from slack_sdk import WebClient

from bot import exporting
from bot.blocks import code
from bot.command.question import Asker, question
from db import audit
from db.audit import names, search
from db.audit.scan import Found
from db.models import Export
from db.store import exports
from workflows import access
from workflows.settle.lease import wait
from workflows.sweep import Debt, Due
from workflows.world import World

LARGEST: Final = 200_000_000
"""Bytes of a file. Slack takes more, but nobody reads that there."""

_PATIENCE: Final = 60  # seconds that an upload may stand still

log = logging.getLogger(__name__)


class _TooLargeError(Exception):
    """The file would be larger than it may be: `str()` is the sentence."""

    def __init__(self, largest: int) -> None:
        super().__init__(
            f"That would be a file of more than {largest:,} bytes, so it was not sent. Ask for "
            "less, with `since:` for example, or have it written where xacct runs: `xacct audit "
            "--format csv`."
        )


class Exports:
    """Makes files and sends them. One that was sent and not written down as such is sent again."""

    def __init__(self, world: World, client: WebClient, *, largest: int = LARGEST) -> None:
        self._world, self._client, self._largest = world, client, largest

    def debt(self) -> Debt:
        """Files that people wait for."""
        return Debt("export", self._due, self.pay)

    def _due(self, now: datetime) -> list[Due]:
        with self._world.database.read() as session:
            return [Due(key, "export") for key in exports.due(session, now)]

    def pay(self, key: int) -> None:
        """Makes one file and sends it; what Slack does not take is tried again, some times."""
        now = self._world.clock.now()
        with self._world.database.write() as session:
            row = exports.claim(session, key, now)
        if row is None:
            return
        try:
            self._send(row, now)
        except Exception as error:
            reference = uuid.uuid4().hex[:8]
            log.exception("export %s was not sent [%s]", key, reference)
            if row.attempts >= exports.ATTEMPTS:
                self._give_up(row, now, type(error).__name__, reference)
                return
            with self._world.database.write() as session:
                exports.later(session, key, now + wait(row.attempts))

    def _send(self, row: Export, now: datetime) -> None:
        channel = self._client.conversations_open(users=row.user)["channel"]["id"]
        with tempfile.TemporaryFile() as file:
            try:
                count = self._write(file, row, now)
            except (_TooLargeError, names.TooMany) as much:
                self._say(row, str(much))
                self._done(row, now, 0, failed=str(much))
                return
            self._upload(file, row, channel, count)
        self._done(row, now, count)

    def _write(self, file: IO[bytes], row: Export, now: datetime) -> int:
        """Writes the rows that this person may see now; returns how many there are."""
        meant = question(row.question, Asker(now, me=row.user))
        viewer = access.sight(self._world.catalog, row.user)
        with self._world.database.read() as session:
            counted = _Counted(search.each(session, meant, viewer))
            for line in exporting.FORMS[row.form](counted):
                file.write(line.encode())
                if file.tell() > self._largest:
                    raise _TooLargeError(self._largest)
        return counted.number

    def _upload(self, file: IO[bytes], row: Export, channel: str, count: int) -> None:
        """In three steps (docs.slack.dev/messaging/working-with-files, "Uploading files")."""
        name = f"xacct-audit-{row.asked_at:%Y-%m-%dT%H%M%SZ}.{row.form}"
        length = file.tell()
        place = self._client.files_getUploadURLExternal(filename=name, length=length)
        file.seek(0)
        _post(str(place["upload_url"]), file, length, self._client.ssl)
        asked = f" for {code(row.question, 1000)}" if row.question else ""
        self._client.files_completeUploadExternal(
            files=[{"id": place["file_id"], "title": name}],
            channel_id=channel,
            initial_comment=f"{count:,} rows of the audit log{asked}, the oldest first.",
        )

    def _done(self, row: Export, now: datetime, count: int, *, failed: str | None = None) -> None:
        with self._world.database.write() as session:
            exports.made(session, row.id)
            audit.say(
                session,
                "exported the audit log",
                actor=row.user,
                at=now,
                question=row.question,
                form=row.form,
                rows=count,
                failed=failed,
            )

    def _give_up(self, row: Export, now: datetime, error: str, reference: str) -> None:
        self._done(row, now, 0, failed=f"{error} [{reference}]")
        self._say(
            row,
            f"The file out of the audit log could not be made ({error}). Quote {reference} when "
            "you ask about it, or ask again.",
        )

    def _say(self, row: Export, text: str) -> None:
        try:
            self._client.chat_postMessage(channel=row.user, text=text)
        except Exception as error:  # noqa: BLE001  a word that is lost must not owe the file anew
            log.warning("%s is not told of an export: %s", row.user, type(error).__name__)


class _Counted:
    """Rows, and how many of them were taken."""

    def __init__(self, rows: Iterator[Found]) -> None:
        self._rows = rows
        self.number = 0

    def __iter__(self) -> Iterator[Found]:
        for row in self._rows:
            self.number += 1
            yield row


def _post(url: str, file: IO[bytes], length: int, trusted: ssl.SSLContext | None) -> None:
    """Sends the file as it is read. Raises OSError."""
    asked = urllib.request.Request(  # noqa: S310  the address is Slack's answer
        url,
        data=file,
        method="POST",
        headers={"Content-Type": "application/octet-stream", "Content-Length": str(length)},
    )
    with urllib.request.urlopen(  # noqa: S310  the same
        asked, timeout=_PATIENCE, context=trusted if url.startswith("https:") else None
    ) as answer:
        answer.read()
