"""Reading what Slack really puts into `text`: curled quotes, dashes for `--`, links, escapes.

Only double quotes hold words together: the apostrophe of "don't" must not swallow the rest.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

DOUBLE_QUOTES: Final = '"“”„‟«»″＂〝〞'  # noqa: RUF001  what keyboards and Slack send for "
_TO_ASCII: Final = str.maketrans(
    dict.fromkeys(DOUBLE_QUOTES, '"')
    | dict.fromkeys("‘’‚‛′`", "'")  # noqa: RUF001  same
    | dict.fromkeys("‐‑‒–—―−", "-")  # noqa: RUF001  same
)
_WORD: Final = re.compile(
    rf"\s*(?:[{DOUBLE_QUOTES}](?P<quoted>[^{DOUBLE_QUOTES}]*)[{DOUBLE_QUOTES}](?=\s|$)|(?P<bare>(?:<[^<>]*>|\S)+))"
)
_WHOLE: Final = re.compile(rf"[{DOUBLE_QUOTES}]([^{DOUBLE_QUOTES}]*)[{DOUBLE_QUOTES}]")
_VERBATIM: Final = re.compile(r"\s*--(?:\s|$)")
_PERSON: Final = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
_MARKUP: Final = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_BREAKS: Final = re.compile("[\\t\\n\\v\\f\\r\\x1c-\\x1f\\x85\\u2028\\u2029]+")
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Word:
    """One word, or what stood in double quotes: as Slack sent it, and plainly."""

    raw: str
    text: str
    quoted: bool

    @property
    def person(self) -> str | None:
        """The Slack id, if the word is a mention that Slack itself made of a name."""
        found = _PERSON.fullmatch(self.raw)
        return found[1] if found else None


class Words:
    """The words of a text, taken one by one; what is left can be taken as it was typed."""

    def __init__(self, text: str) -> None:
        self._left = text

    def peek(self) -> Word | None:
        """The next word, left where it is; None at the end."""
        found = self._match()
        return found[0] if found else None

    def take(self) -> Word | None:
        """The next word, taken off; None at the end."""
        found = self._match()
        if found is None:
            self._left = ""
            return None
        word, end = found
        self._left = self._left[end:]
        return word

    def drop(self, beginning: str) -> None:
        """Takes off the words that make up `beginning`, which `left` began with."""
        wanted = len("".join(beginning.split()))
        while wanted > 0 and (word := self.take()) is not None:
            wanted -= len("".join(word.text.split()))

    def ahead(self) -> list[Word]:
        """All words that are left, left where they are."""
        copied = Words(self.raw)
        return list(iter(copied.take, None))

    @property
    def raw(self) -> str:
        """What is left, as Slack sent it."""
        return self._left

    @property
    def left(self) -> str:
        """What is left, plainly: for looking at, not for keeping."""
        return plain(self._left)

    @property
    def in_quotes(self) -> bool:
        """Whether one pair of double quotes is around all that is left."""
        return _WHOLE.fullmatch(as_typed(self._left)) is not None

    @property
    def is_verbatim(self) -> bool:
        """Whether `--` stands before all that is left: no word of it is a name or an option."""
        return _VERBATIM.match(self._left) is not None

    @property
    def rest(self) -> str:
        """What is left as it was typed, on one line; quotes around the whole are taken off, or `--`
        before it.
        """
        if (dashes := _VERBATIM.match(self._left)) is not None:
            return as_typed(self._left[dashes.end() :])
        typed = as_typed(self._left)
        whole = _WHOLE.fullmatch(typed)
        return as_typed(escaped(whole[1])) if whole else typed

    def _match(self) -> tuple[Word, int] | None:
        position = 0
        while found := _WORD.match(self._left, position):
            raw = found["bare"] if found["bare"] is not None else found["quoted"]
            word = Word(raw, plain(raw), quoted=found["bare"] is None)
            if word.text or word.quoted:
                return word, found.end()
            position = found.end()  # nothing but characters that cannot be seen
        return None


def plain(text: str) -> str:
    """The text for understanding: no markup, one width, ASCII quotes and dashes, single spaces.

    A person stands in it by id, `@U012ABCDE`, for names are not unique.
    """
    seen = "".join(
        letter
        for letter in unescaped(_MARKUP.sub(_by_id, text))
        if letter.isspace() or unicodedata.category(letter) not in {"Cc", "Cf", "Cs"}
    )
    return " ".join(unicodedata.normalize("NFKC", seen).translate(_TO_ASCII).split())


def as_typed(text: str) -> str:
    """The text for keeping: as it was typed, on one line, without control or bidi characters."""
    line = _BREAKS.sub(" ", unescaped(_MARKUP.sub(_by_label, text)))
    kept = "".join(
        letter
        for letter in line
        if unicodedata.category(letter) not in {"Cc", "Cs"} and letter not in _BIDI
    )
    return kept.strip() if plain(escaped(kept)) else ""


def escaped(text: str) -> str:
    """`&`, `<` and `>` as Slack wants them (docs.slack.dev: formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescaped(text: str) -> str:
    """`&lt;` and its like as they were typed; `&amp;` last, or `&amp;lt;` would become `<`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _by_label(markup: re.Match[str]) -> str:
    """What the person saw when he typed it."""
    target, label = markup[1], markup[2]
    if label:
        sign = target[:1] if target.startswith(("@", "#")) else ""
        return f"{sign}{label.removeprefix(sign)}"
    if target.startswith("!"):
        return f"@{target.removeprefix('!').removeprefix('subteam^')}"
    return target.removeprefix("mailto:").removeprefix("tel:")


def _by_id(markup: re.Match[str]) -> str:
    return markup[1] if markup[1].startswith("@") else _by_label(markup)
