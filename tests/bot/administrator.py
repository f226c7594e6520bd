"""An administrator's terminal, with keys that enter every account of a sandbox."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from sandbox.aws.process import SandboxAws
from tests.workflows.catalog import build
from tests.workflows.setup.deploying import Ids, Place, an_administrator, parts


class Office:
    """An administrator at his terminal, and the accounts that he may enter."""

    def __init__(self, place: Place, file: Path) -> None:
        self.place, self._file = place, file
        self.says()

    def says(self, **changed: Any) -> None:
        """The catalog as it is now."""
        self._file.write_text(build.text(**(parts(self.place.ids) | changed)))

    def run(self, *words: str) -> tuple[int, str]:
        """The exit code of one of setup's verbs, and all that was written."""
        return self.types("setup", *words)

    def types(self, *words: str) -> tuple[int, str]:
        """The same of any verb that takes a catalog."""
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as error:
            code = main([*words, "--catalog", str(self._file)])
        return code, out.getvalue() + error.getvalue()

    def iam(self, account: str) -> Any:
        return self.place.client("iam", account)

    def trust(self, role: str) -> list[str]:
        """The Sids in the trust policy of a role of the third owner account."""
        held = self.iam(self.place.ids.owners[2]).get_role(RoleName=role)["Role"]
        return [one.get("Sid", "") for one in held["AssumeRolePolicyDocument"]["Statement"]]


@contextmanager
def at_work(aws: SandboxAws, folder: Path) -> Iterator[Office]:
    """The office with nothing set up yet, and the administrator's keys in the environment."""
    place = Place(aws, Ids())
    keys = an_administrator(place.client, place.ids.home, place.ids.owners)
    with pytest.MonkeyPatch.context() as environment:
        for name, value in keys.items():
            environment.setenv(name, value)
        yield Office(place, folder / "xacct.yaml")
