"""ministack, the emulator underneath: one version of it, with enforcement on."""

import importlib
import importlib.metadata
import os
import sys
from dataclasses import dataclass
from typing import Any

from sandbox.aws.moving import Moving
from sandbox.aws.partition import AWS, Partition

VERSION = "1.5.33"
_SETTINGS = {
    "AUTH": "true",
    "BIND_HOST": "127.0.0.1",
    "IOT_MTLS_ENABLED": "0",
    "LOG_LEVEL": "WARNING",
    "PERSIST_STATE": "0",
    "SFTP_ENABLED": "0",
}


class WrongVersionError(RuntimeError):
    """Another ministack than the one whose private names are known here."""


@dataclass(frozen=True)
class Ministack:
    """The modules of ministack that are made to do as AWS does."""

    partition: Partition
    app: Any
    evaluator: Any
    actions: Any
    iam: Any
    sts: Any
    s3: Any


def ministack(partition: Partition) -> Ministack:
    """Loads ministack with enforcement on, in a partition; refuses another version.

    It reads its settings from the environment when it is imported, so this comes before anything
    else touches it. Whatever AWS or ministack settings the environment holds are dropped.
    """
    found = importlib.metadata.version("ministack")
    if found != VERSION:
        raise WrongVersionError(f"it needs ministack {VERSION}, found {found}")
    for name in [name for name in os.environ if name.startswith(("AWS_", "MINISTACK_"))]:
        del os.environ[name]
    os.environ.update(_SETTINGS | {"MINISTACK_REGION": partition.region})
    if partition != AWS:
        sys.meta_path.insert(0, Moving(partition.name))
    parts = {
        "app": "app",
        "evaluator": "core.iam_evaluator",
        "actions": "core.iam_actions",
        "iam": "services.iam",
        "sts": "services.sts",
        "s3": "services.s3",
    }
    return Ministack(
        partition=partition,
        **{name: importlib.import_module(f"ministack.{path}") for name, path in parts.items()},
    )
