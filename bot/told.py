"""What xacct is told by its catalog, and how it says what is wrong with what it is told."""

from collections.abc import Mapping
from pathlib import Path

from workflows.catalog.load import load
from workflows.catalog.model import Catalog


class Mistakes(Exception):  # noqa: N818  it is what a person reads and mends
    """Everything that is wrong at once; `str()` has one line for each."""

    def __init__(self, heading: str, lines: list[str]) -> None:
        super().__init__("\n".join([heading, *(f"  - {line}" for line in lines)]))
        self.lines = lines

    def beside(self, others: "Mistakes") -> "Mistakes":
        """These and those others, each under its own heading."""
        return Mistakes(f"{self}\n{others}", [])


def catalog_path(env: Mapping[str, str]) -> Path:
    """Where the catalog is: XACCT_CATALOG, or `xacct.yaml` here."""
    return Path(env.get("XACCT_CATALOG") or "xacct.yaml")


def catalog(file: Path) -> Catalog:
    """The catalog in a file. Raises Mistakes that names all of them."""
    return catalog_of(catalog_text(file), file)


def catalog_of(text: str, file: Path) -> Catalog:
    """The catalog that the text of a file says. Raises Mistakes."""
    found = load(text)
    if isinstance(found, Catalog):
        return found
    raise Mistakes(f"{file} has mistakes:", [str(one) for one in found])


def catalog_text(file: Path) -> str:
    """The text of a catalog file, its line ends as they are. Raises Mistakes."""
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        how = "XACCT_CATALOG says where it is, xacct.example.yaml is one to begin with"
        raise Mistakes("There is no catalog:", [f"{file} is not a file here; {how}"]) from None
    except OSError as error:
        raise Mistakes("The catalog cannot be read:", [f"{file}: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise Mistakes("The catalog cannot be read:", [f"{file} is not text in UTF-8"]) from None
