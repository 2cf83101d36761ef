"""Reading one TOML table by a closed vocabulary: every key known, every type right, every mistake
noted and reading goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from engine.sequence.mistakes import Mistake
from engine.sequence.nearest import hint, nearest, nearest_key
from engine.sequence.toml import Places
from engine.words import N_, Value, WordedError, words

T = TypeVar("T")
_ASCII_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
KINDS: Mapping[type, str] = {
    str: N_("text in quotes"),
    int: N_("a number"),
    bool: N_("true or false"),
    list: N_("a list in brackets"),
    dict: N_("a table"),
}


Choice = TypeVar("Choice", bound=str)


class Table:
    """One table of a file, at `path`. Asking for a key marks it known; `finish` reports the
    others.
    """

    def __init__(
        self,
        values: Mapping[str, object],
        file: str,
        places: Places,
        path: str,
        mistakes: list[Mistake],
    ) -> None:
        self.values = values
        self.file = file
        self.places = places
        self.path = path
        self.mistakes = mistakes
        self.known: set[str] = set()

    def mistake(
        self, key: str, message: str, fatal: bool = True, of_key: bool = False, /, **values: Value
    ) -> None:
        """At the value of `key`, or `of_key` at the key itself; an empty key is the table."""
        where = f"{self.path}.{key}" if self.path and key else key or self.path
        place = self.places.line(where), self.places.column(where, of_key=of_key)
        self.mistakes.append(Mistake(self.file, place[0], message, fatal, place[1], **values))

    def get(self, key: str, kind: type[T], default: T) -> T:
        self.known.add(key)
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.mistake(key, N_("`{key}` must be {kind}"), key=key, kind=words(KINDS[kind]))
            return default
        return value

    def need(self, key: str, kind: type[T], default: T) -> T:
        if key not in self.values:
            self.known.add(key)
            self.mistake("", N_("`{key}` is missing"), key=key)
        value = self.get(key, kind, default)
        if kind is str and key in self.values and isinstance(value, str) and not value.strip():
            self.mistake(key, N_("`{key}` is empty"), key=key)
        return value

    def parsed(self, key: str, read: Callable[[str], T], default: T) -> T:
        """A text that `read` turns into a value, or refuses with a ValueError: that becomes the
        mistake.
        """
        text = self.get(key, str, "")
        if not text:
            return default
        try:
            return read(text)
        except ValueError as error:
            why = error.words if isinstance(error, WordedError) else words(str(error))
            self.mistake(key, N_("`{key}`: {why}"), key=key, why=why)
            return default

    def one_of(self, key: str, allowed: tuple[Choice, ...], default: Choice) -> Choice:
        value = self.get(key, str, str(default))
        for choice in allowed:
            if choice == value:
                return choice
        self.mistake(
            key,
            N_("`{key}` must be one of {choices}{hint}"),
            key=key,
            choices=", ".join(allowed),
            hint=hint(nearest(value, allowed)),
        )
        return default

    def tables(self, key: str) -> list[Table]:
        """The array of tables `[[…key]]`."""
        if isinstance(self.values.get(key), dict):
            self.known.add(key)
            self.mistake(
                key,
                N_(
                    "`{key}` may be there several times: write it with two brackets on each side,"
                    " as in [[list]]"
                ),
                key=key,
            )
            return []
        entries = self.get(key, list, [])
        children = []
        for index, entry in enumerate(entries):
            if isinstance(entry, dict):
                child = f"{self.path}.{key}[{index}]" if self.path else f"{key}[{index}]"
                children.append(Table(entry, self.file, self.places, child, self.mistakes))
            else:
                self.mistake(key, N_("`{key}` must hold tables"), key=key)
        return children

    def part(self, key: str) -> Table:
        """A table below this one, an empty one where it is not written."""
        return self.table(key) or Table({}, self.file, self.places, key, self.mistakes)

    def port(self, key: str, default: int, *, of_another: bool = False) -> int:
        """0 lets the system choose where this program listens, and is no port `of_another`."""
        port = self.get(key, int, default)
        if not int(of_another) <= port < 65536:
            self.mistake(key, N_("`{key}` is not a port number"), key=key)
        return port

    def table(self, key: str) -> Table | None:
        entry = self.get(key, dict, {})
        path = f"{self.path}.{key}" if self.path else key
        return (
            Table(entry, self.file, self.places, path, self.mistakes)
            if key in self.values
            else None
        )

    def finish(self) -> None:
        for key in self.values:
            if key not in self.known:
                close = nearest_key(key, self.known)
                ending = (
                    hint(close)
                    if close
                    else words(N_("; known here: {keys}"), keys=", ".join(sorted(self.known)))
                )
                self.mistake(key, N_("unknown key `{key}`{hint}"), True, True, key=key, hint=ending)


def http_url(text: str) -> SplitResult | None:
    """The parts of an address on the web, None for what is none: http or https, a host, a port
    above 0 or none, no user and no fragment, nothing unprintable.
    """
    try:
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            return None
    except ValueError:
        return None
    return parts if text.isprintable() and not (parts.fragment or parts.username) else None


def origin_of(text: str) -> str:
    """The origin of an address on the web as a browser writes it, "https://xn--caf-dma.fr:8443", ""
    for what is no address (RFC 6454 section 6.2).
    """
    parts = http_url(text)
    if parts is None:
        return ""
    try:
        host = (parts.hostname or "").encode("idna").decode()
    except UnicodeError:
        return ""
    if not _ASCII_HOST.fullmatch(host):
        return ""
    standard = {"http": 80, "https": 443}[parts.scheme]
    port = f":{parts.port}" if parts.port not in (None, standard) else ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"
