"""Files of people that xacct changes for them."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from bot.told import Mistakes


def replace(file: Path, before: str, after: str) -> None:
    """Gives a text file another text, in one step: whoever reads it sees one of the two, whatever
    happens. Keeps its mode and its owner, and follows links. Raises Mistakes, with the file as it
    is, when it does not hold the text `before` any more, or cannot be written.
    """
    real = file.resolve()
    try:
        if real.read_bytes() != before.encode():
            how = "somebody else wrote it meanwhile; run this again"
            raise Mistakes("Nothing was written:", [f"{file}: {how}"])
        _replace(real, after.encode())
    except OSError as error:
        raise Mistakes("It cannot be written:", [f"{file}: {error.strerror}"]) from None


def _replace(real: Path, content: bytes) -> None:
    number, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        shutil.copymode(real, name)
        with suppress(PermissionError):  # then the file becomes that of who writes it
            os.chown(name, real.stat().st_uid, real.stat().st_gid)
        Path(name).replace(real)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
