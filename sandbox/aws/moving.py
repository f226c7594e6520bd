"""ministack in another partition: its source, with that partition in every ARN.

ministack writes `arn:aws:` wherever it makes or reads an ARN of its own. Its modules are compiled
from their source with that replaced, so that calls and documents stay as they were sent: signatures
are checked on them, and lengths are counted in them. What is compiled is kept nowhere.
"""

from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any

_WRITTEN = b"arn:aws:"


class Moved(SourceFileLoader):
    """Loads a module of ministack into a partition."""

    def __init__(self, name: str, path: str, partition: str) -> None:
        super().__init__(name, path)
        self._arn = f"arn:{partition}:".encode()

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        source = self.get_data(path).replace(_WRITTEN, self._arn)
        code: CodeType = compile(source, path, "exec", dont_inherit=True)
        return code


class Moving(MetaPathFinder):
    """Finds the modules of ministack for an import, to load them into a partition."""

    def __init__(self, partition: str) -> None:
        self._partition = partition

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != "ministack":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        loader: Any = spec.loader if spec else None
        if spec and isinstance(loader, SourceFileLoader):
            spec.loader = Moved(loader.name, loader.path, self._partition)
        return spec
