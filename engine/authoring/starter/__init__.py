"""An installation of one's own: the sample's config.toml with its owner's answers, and a first
dialogue in their words. Pure: texts in, texts out.

The sample stays the one source: what each key means is said there, and copied from there.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping

from engine.frozen import dataclass
from engine.letter.markdown_words import as_words
from engine.words import Language

FIRST_NAME: Mapping[str, str] = {"fr": "Prénom", "en": "First name"}
EXAMPLES = ("processor", "partner", "product", "group", "theme", "content")
"""Tables of the sample that stay as examples, behind a comment sign."""

_HEADER = re.compile(r"^\[+([a-z_.]+)\]+$", re.MULTILINE)
_VALUE = re.compile(r"^([a-z_]+) = (.*)$", re.MULTILINE)
_SAMPLE_ALONE = re.compile(r"^#\n# This is a sample\b(?:.*\n)(?:# .*\n)*", re.MULTILINE)
_NOT_A_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Ports:
    web: int = 8080
    smtp: int = 8025
    page: int = 8081
    console: int = 8082


@dataclass(frozen=True, slots=True)
class Owner:
    """What is asked of whoever makes an installation. `purpose` is what readers agree to, as they
    see it; `url` is what links begin with.
    """

    name: str
    address: str
    sender: str
    url: str
    purpose: str
    language: Language

    @property
    def purpose_id(self) -> str:
        """The purpose as the files name it: small letters, digits, hyphens."""
        plain = (
            unicodedata.normalize("NFKD", self.purpose.lower().replace("œ", "oe").replace("’", " "))
            .encode("ascii", "ignore")
            .decode()
        )
        return _NOT_A_NAME.sub("-", plain).strip("-")[:40].strip("-") or "lettre"


def own_config(sample: str, owner: Owner, ports: Ports) -> str:
    """The sample's config.toml as its owner's: their answers, no name of the sample's, every
    explanation kept.
    """
    answers: dict[tuple[str, str], str | int] = {
        ("site", "name"): owner.name,
        ("site", "url"): owner.url,
        ("site", "from"): owner.sender,
        ("site", "from_name"): owner.name,
        ("site", "postal_address"): owner.address,
        ("site", "language"): owner.language,
        ("site", "timezone"): "Europe/Paris",
        ("purpose", "id"): owner.purpose_id,
        ("purpose", "name"): owner.purpose,
        ("fields", "first_name"): FIRST_NAME[owner.language],
    }
    paragraphs = _of_an_owner(_SAMPLE_ALONE.sub("", sample))
    return _with_values(
        "\n\n".join(paragraphs) + "\n",
        answers | _listening(ports),
        ("site", "controller", "purpose"),
    )


def on_ports(sample: str, ports: Ports) -> str:
    """The sample's config.toml, listening elsewhere."""
    return _with_values(
        sample, {("site", "url"): f"http://127.0.0.1:{ports.web}"} | _listening(ports)
    )


def _listening(ports: Ports) -> dict[tuple[str, str], str | int]:
    return {
        ("web", "port"): ports.web,
        ("mailbox", "smtp_port"): ports.smtp,
        ("mailbox", "port"): ports.page,
        ("console", "port"): ports.console,
    }


def _of_an_owner(sample: str) -> Iterator[str]:
    """What stands between two empty lines: a second table of one name goes, and so does a field
    nobody asks for.
    """
    table, seen = "", set()
    for paragraph in sample.strip().split("\n\n"):
        if header := _HEADER.search(paragraph):
            table = header[1]
            if table in seen:
                continue
            seen.add(table)
        keys = [value[0] for value in _VALUE.findall(paragraph)]
        if table == "fields" and keys and "first_name" not in keys:
            continue
        if table in EXAMPLES:
            paragraph = "\n".join(
                line if line.startswith("#") else f"# {line}" for line in paragraph.splitlines()
            )
        yield paragraph


def _with_values(
    config: str, answers: Mapping[tuple[str, str], str | int], emptied: Collection[str] = ()
) -> str:
    """A key to a line, as the sample is written. In `emptied` tables, what is not answered says
    nothing.
    """
    lines, table = [], ""
    for line in config.splitlines():
        header, value = _HEADER.match(line), _VALUE.match(line)
        table = header[1] if header else table
        if value is not None and (table, value[1]) in answers:
            line = f"{value[1]} = {_toml(answers[table, value[1]])}"
        elif value is not None and table in emptied:
            line = f"{value[1]} = {'[]' if value[2].startswith('[') else _toml('')}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def _toml(value: str | int) -> str:
    """A basic string of TOML 1.0, or a number; texts hold no control characters."""
    return json.dumps(value, ensure_ascii=False)


def own_words(path: str, text: str, owner: Owner) -> str:
    """A text of the starter with its owner's words, which are words there and nothing else."""
    quoted = _in_toml if path.endswith(".toml") else as_words
    words = {
        "name": owner.name,
        "address": owner.address,
        "sender": owner.sender,
        "purpose": owner.purpose,
        "purpose_id": owner.purpose_id,
    }
    return re.sub(r"\$\{(\w+)\}", lambda place: quoted(words[place[1]]), text)


def _in_toml(words: str) -> str:
    return _toml(words)[1:-1]
