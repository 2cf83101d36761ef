"""Receiving providers, as data: who a recipient's domain belongs to, and how much they are sent.

`providers.toml` beside this file is Relance's own; an operator's file overlays it, key by key.
Pure: who looks up MX records hands them in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from engine.sequence.mistakes import Mistake, Unpublishable
from engine.sequence.table import Table
from engine.sequence.toml import Places, read_tables, toml_mistake
from engine.shaping.rules import Rule, matching, read_day, read_rule
from engine.words import N_

OTHER = "other"
"""The provider of every domain that is nobody else's. Its limits are those of one server."""
MAX_CONNECTIONS = 100
MAX_MESSAGES = 100_000
_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,18}[a-z0-9])?")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """`name` is a word of a closed, public list, and says nothing of a person. `mx`: suffixes of
    the names of its servers. `connections` at once and `messages_per_minute` are of all hosts
    together; `messages_per_connection` is of one.
    """

    name: str
    title: str
    domains: frozenset[str] = frozenset()
    mx: tuple[str, ...] = ()
    connections: int
    messages_per_connection: int
    messages_per_minute: int
    checked_on: date
    source: str
    rules: tuple[Rule, ...] = ()
    common_rules: tuple[Rule, ...] = ()

    def rules_for(self, line: str) -> tuple[Rule, ...]:
        """The rules that know a `reply_line`: its own, or else those of every provider."""
        return matching(self.rules, line) or matching(self.common_rules, line)


@dataclass(frozen=True, slots=True)
class Providers:
    """By name; OTHER is always there, and its rules are common to all."""

    by_name: Mapping[str, Provider]
    _by_domain: Mapping[str, Provider] = field(default_factory=dict, repr=False)
    _by_suffix: Mapping[str, Provider] = field(default_factory=dict, repr=False)

    def of(self, domain: str, mx: Sequence[str] | None = None) -> Provider:
        """Whose mailboxes those of `domain` are. `mx`: names of its servers, best first; None where
        they were not looked up.
        """
        known = self._by_domain.get(domain.lower().rstrip("."))
        if known is not None:
            return known
        for server in mx or ():
            labels = server.lower().rstrip(".").split(".")
            for start in range(len(labels) - 1):
                if known := self._by_suffix.get(".".join(labels[start:])):
                    return known
        return self.by_name[OTHER]

    def of_address(self, address: str) -> Provider:
        """Whose mailbox an address is, as far as its domain alone tells."""
        return self.of(address.rpartition("@")[2])

    def __iter__(self) -> Iterator[Provider]:
        return iter(self.by_name.values())


def read_providers(text: str, file: str, base: Providers | None = None) -> Providers:
    """The providers of a TOML text, laid over `base`. Raises Unpublishable with every mistake at
    once, each with file and key.
    """
    mistakes: list[Mistake] = []
    try:
        values = read_tables(text)
    except ValueError as error:
        raise Unpublishable((toml_mistake(file, text, error),)) from None
    root = Table(values, file, Places(text), "", mistakes)
    known = dict(base.by_name) if base else {}
    own: dict[str, str] = {}
    for name in values:
        if not _NAME.fullmatch(name):
            root.mistake(
                name,
                N_("a provider's name is made of at most 20 small letters, digits and hyphens"),
            )
        table = root.table(name)
        if table is None or not isinstance(values[name], dict):
            continue
        provider = _provider(table, name, known.get(name))
        for key in ("domains", "mx"):
            for domain in getattr(provider, key) if key in table.values else ():
                if own.setdefault(domain, name) != name:
                    table.mistake(
                        key,
                        N_("{domain} is given to {provider} too"),
                        domain=domain,
                        provider=own[domain],
                    )
        known[name] = provider
    if OTHER not in known:
        root.mistake("", N_("`{key}` is missing"), key=OTHER)
    root.finish()
    if mistakes:
        raise Unpublishable(tuple(sorted(set(mistakes))))
    return _indexed(known, own)


def _indexed(known: Mapping[str, Provider], own: Mapping[str, str]) -> Providers:
    """`own`: the domains that the last file gives to a provider, whoever had them before."""
    common = known[OTHER].rules
    by_name: dict[str, Provider] = {}
    by_domain: dict[str, Provider] = {}
    by_suffix: dict[str, Provider] = {}
    for name, provider in known.items():
        provider = by_name[name] = replace(
            provider,
            common_rules=() if name == OTHER else common,
            domains=frozenset(d for d in provider.domains if own.get(d, name) == name),
            mx=tuple(suffix for suffix in provider.mx if own.get(suffix, name) == name),
        )
        by_domain |= dict.fromkeys(provider.domains, provider)
        by_suffix |= dict.fromkeys(provider.mx, provider)
    return Providers(by_name, by_domain, by_suffix)


def _provider(table: Table, name: str, base: Provider | None) -> Provider:
    """What is not written is the `base`'s; without one everything must be."""
    rules = tuple(read_rule(part) for part in table.tables("rule"))
    names = [rule.name for rule in rules]
    for rule in rules:
        if names.count(rule.name) > 1:
            table.mistake("rule", N_("two rules are called {name}"), name=rule.name)
    kept = () if base is None else (r for r in base.rules if r.name not in names)
    provider = Provider(
        name=name,
        title=table.get("title", str, base.title if base else name),
        domains=_domains(table, "domains", base.domains if base else frozenset()),
        mx=tuple(sorted(_domains(table, "mx", frozenset(base.mx) if base else frozenset()))),
        connections=_number(
            table, "connections", MAX_CONNECTIONS, base.connections if base else None
        ),
        messages_per_connection=_number(
            table,
            "messages_per_connection",
            MAX_MESSAGES,
            base.messages_per_connection if base else None,
        ),
        messages_per_minute=_number(
            table, "messages_per_minute", MAX_MESSAGES, base.messages_per_minute if base else None
        ),
        checked_on=table.parsed("checked_on", read_day, base.checked_on if base else date.min),
        source=table.get("source", str, base.source if base else ""),
        rules=(*rules, *kept),
    )
    table.finish()
    return provider


def _number(table: Table, key: str, most: int, default: int | None) -> int:
    number = table.need(key, int, 1) if default is None else table.get(key, int, default)
    if not 1 <= number <= most:
        table.mistake(key, N_("`{key}` is a number from 1 to {most}"), key=key, most=most)
    return number


def _domains(table: Table, key: str, default: frozenset[str]) -> frozenset[str]:
    if key not in table.values:
        table.known.add(key)
        return default
    domains = table.get(key, list, [])
    for domain in domains:
        if not isinstance(domain, str) or not _DOMAIN.fullmatch(domain):
            table.mistake(
                key,
                N_("{domain} is no domain in small letters, as the DNS has it"),
                domain=str(domain),
            )
            return default
    return frozenset(domains)
