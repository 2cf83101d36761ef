"""What keeps an installation from writing to people: somebody else's name, links to this machine, a
password that is not there.

Asked by `resume` and `check` where a relay is configured that hands letters on. What the sample
says of itself is read from the sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from engine.config import Config, Site, is_loopback
from engine.sending.smtp_settings import domain_of
from engine.sequence.mistakes import Mistake
from engine.sequence.model import Form
from engine.sequence.plan_source import CONFIG
from engine.sequence.toml import Places
from engine.words import N_, Words, words, words_of_file_error

RESERVED = (
    ".example",
    ".invalid",
    ".test",
    ".localhost",
    ".example.com",
    ".example.net",
    ".example.org",
)
"""Domains that nobody can ever have (RFC 2606), and those that our own questions give as examples.
"""


class Hindrance(NamedTuple):
    """`key` is where it stands in config.toml: "site.url"."""

    key: str
    words: Words


def hindrances(config: Config, sample: Site) -> tuple[Hindrance, ...]:
    """All of them, in the order of config.toml; none where letters reach nobody. `sample` is what
    the shipped sample calls itself.
    """
    return tuple(_found(config, sample)) if config.smtp.reaches_people else ()


def _found(config: Config, sample: Site) -> Iterator[Hindrance]:
    site = config.site
    for key, value, of_sample in (
        ("name", site.name, sample.name),
        ("from", site.sender, sample.sender),
        ("from_name", site.sender_name, sample.sender_name),
        ("reply_to", site.reply_to, sample.reply_to),
        ("postal_address", site.postal_address, sample.postal_address),
    ):
        if value and value == of_sample:
            yield Hindrance(
                f"site.{key}", words(N_("[site] {key} is the sample’s: write your own"), key=key)
            )
    if is_loopback(site.url):
        yield Hindrance(
            "site.url",
            words(
                N_(
                    "[site] url is this machine: nobody else could open a link, unsubscribe or"
                    " confirm"
                )
            ),
        )
    elif _is_reserved(urlsplit(site.url).hostname or ""):
        yield Hindrance(
            "site.url",
            words(
                N_(
                    "[site] url lies in a domain nobody can have: nobody could open a link,"
                    " unsubscribe or confirm"
                )
            ),
        )
    elif site.url.startswith("http://"):
        yield Hindrance(
            "site.url",
            words(
                N_(
                    "[site] url is not https: whoever is in between could read and use the links of"
                    " letters"
                )
            ),
        )
    domain = site.sender.rpartition("@")[2]
    if site.sender != sample.sender and _is_reserved(domain):
        sentence = N_(
            "[site] from lies in {domain}, a domain nobody can have: no answer and no bounce would"
            " arrive"
        )
        yield Hindrance("site.from", words(sentence, domain=domain))
    if config.smtp.is_direct and _is_reserved(config.direct.helo):
        sentence = N_(
            "[direct] helo lies in a domain nobody can have: providers look the name up, and refuse"
            " who has none"
        )
        yield Hindrance("direct.helo", words(sentence))
    if other := config.transactional:
        domain = domain_of(other.sender)
        if _is_reserved(domain):
            sentence = N_(
                "[stream.transactional] from lies in {domain}, a domain nobody can have: no answer"
                " and no bounce would arrive"
            )
            yield Hindrance("stream.transactional.from", words(sentence, domain=domain))
    if config.smtp.password_file and (
        why := _unreadable(config.folder / config.smtp.password_file)
    ):
        sentence = N_("[smtp] password_file {file} cannot be read: {why}")
        yield Hindrance(
            "smtp.password_file", words(sentence, file=config.smtp.password_file, why=why)
        )


def lint_streams(config: Config, forms: Iterable[Form]) -> Iterator[Hindrance]:
    """What lets mailbox providers judge letters that people need by letters that they do not (A51).
    It hinders nothing.
    """
    if not config.smtp.reaches_people:
        return
    usual, other = config.identity("marketing"), config.transactional
    if other is None:
        if any(form.basis == "service" for form in forms):
            sentence = N_(
                "letters of a service leave under the same sender as all others, and are judged"
                " with them: [stream.transactional] gives them one of their own"
            )
            yield Hindrance("site.from", words(sentence))
    elif domain_of(other.sender) == domain_of(usual.sender):
        sentence = N_(
            "both streams write from {domain}: mailbox providers judge a domain as a whole; take a"
            " domain below it for one of them"
        )
        yield Hindrance(
            "stream.transactional.from", words(sentence, domain=domain_of(other.sender))
        )


def _is_reserved(domain: str) -> bool:
    return f".{domain.lower()}".endswith(RESERVED)


def _unreadable(file: Path) -> Words | None:
    try:
        return None if file.read_text(encoding="utf-8").strip() else words(N_("it is empty"))
    except OSError as error:
        return words_of_file_error(error)
    except UnicodeDecodeError:
        return words(N_("it is not a text in UTF-8"))


def as_warnings(hindrances_left: tuple[Hindrance, ...], config_text: str) -> list[Mistake]:
    places = Places(config_text)
    return [
        Mistake(CONFIG, places.line(key), words, False, places.column(key))
        for key, words in hindrances_left
    ]
