"""The terms by which a row is found, out of its text alone.

A term is a word without spaces: `action:approved`, `account:prod-payments`, `word:deploy`; and
`pair:two+words` for words that stand one behind the other. They are in a column that both databases
keep an inverted index of.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final
from unicodedata import normalize

LONGEST: Final = 200  # characters of a term, and of a word; longer ones are cut, here and there
EVERY: Final = "every:row"
"""Stands in each row: for searches that only exclude."""

_WORD: Final = re.compile(rf"[^\W_]{{1,{LONGEST}}}")
_NOT_IN_TERMS: Final = re.compile(r"[\s'\"\x00-\x1f\x7f]+")
_READ_AS_TEXT: Final = ("event", "role", "grantee", "session")


def of(content: Mapping[str, Any]) -> list[str]:
    """The terms of a row, each once."""
    get = content.get
    facts: Mapping[str, Any] = content["facts"]
    found = [EVERY, *(term("action", one) for one in (content["event"], facts.get("why")) if one)]
    for field, read in _FIELDS:
        if one := get(field):
            found += read(one)
    if (request := get("request")) is not None:
        found.append(f"id:{request}")
    for text in _leaves(facts):
        found += words(text)
    return list(dict.fromkeys(found))


def digest(found: str) -> str:
    """What the text of a row tells of its terms, joined by spaces: the beginning of their SHA-256,
    so that nobody can make a row unfindable without changing its text.
    """
    return sha256(found.encode()).hexdigest()[:32]


@lru_cache(maxsize=1 << 14)
def term(kind: str, value: str) -> str:
    """The term for a value of that kind: nothing in it depends on capitals or spaces."""
    found = f"{kind}:{slug(value)}"
    if len(found) <= LONGEST:
        return found
    end = f"~{digest(found)}"  # or long ARNs that begin alike would be one
    return f"{found[: LONGEST - len(end)]}{end}"


def slug(value: str) -> str:
    """The value as it stands in a term."""
    return _NOT_IN_TERMS.sub("-", _plain(value.strip()))


def words(text: str) -> list[str]:
    """The terms of the words of a text, and of each two that follow one another."""
    found = _WORD.findall(_plain(text))
    pairs = [f"pair:{one}+{two}" for one, two in pairwise(found)]
    return [f"word:{one}" for one in found] + pairs


def _plain(text: str) -> str:
    """Without capitals and width, accents with their letters: as questions are read, too."""
    return normalize("NFKC", text).casefold()


def flat(content: Mapping[str, Any]) -> str:
    """The words of a row in their order, for looking up more than two of them in it."""
    texts = [content.get(field) or "" for field in _READ_AS_TEXT]
    return "|".join(phrase(text) for text in (*texts, *_leaves(content["facts"])))


def phrase(text: str) -> str:
    """The words of a text one behind the other."""
    return f" {' '.join(_WORD.findall(_plain(text)))} "


@lru_cache(maxsize=1 << 14)
def _person(value: str) -> tuple[str, ...]:
    """By his id or address, by the ARN and by the name in it."""
    name = value.rpartition("/")[2] if value.startswith("arn:") else value
    return (term("user", value), term("user", name))


@lru_cache(maxsize=1 << 12)
def _role(key: str) -> tuple[str, ...]:
    """By `account/name`, by the name, and by the account's."""
    account, _, name = key.rpartition("/")
    return (term("role", key), term("role", name), *([term("account", account)] if account else []))


@lru_cache(maxsize=1 << 12)
def _account(value: str) -> tuple[str, ...]:
    return (term("account", value),)


_short: Final = lru_cache(maxsize=1 << 14)(words)
_FIELDS: Final[tuple[tuple[str, Callable[[str], Sequence[str]]], ...]] = (
    *((field, _person) for field in ("actor", "email", "requester", "session")),
    *((field, _person) for field in ("identity", "grantee")),
    *((field, _account) for field in ("account", "account_id")),
    ("role", _role),
    *((field, _short) for field in _READ_AS_TEXT),
)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _leaves(one)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
