"""`[[hook]]` of config.toml: who is told of which facts."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from engine.sequence.draft import check_name
from engine.sequence.nearest import hint, nearest
from engine.sequence.table import Table, http_url
from engine.words import N_

MAX_SECRET_FILES: Final = 2
EVERY: Final = "*"
OWN_DOMAINS: Final = frozenset({"localhost", "local", "internal", "lan", "home", "test"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """`events`: names of the ledger, or EVERY. `secret_files`: the new one and, for a while, the
    one before. `allow_private`: its host may stand in a network of one's own, and be spoken to
    without TLS.
    """

    name: str
    url: str
    events: tuple[str, ...]
    secret_files: tuple[str, ...]
    allow_private: bool = False

    @property
    def host(self) -> str:
        """What of its address may be shown: the rest is as good as a password at many services."""
        return urlsplit(self.url).netloc


def read_hooks(root: Table) -> tuple[Hook, ...]:
    hooks: list[Hook] = []
    for table in root.tables("hook"):
        hook = _hook(table)
        if hook.name in [other.name for other in hooks]:
            table.mistake("name", N_("two hooks have the same name"))
        hooks.append(hook)
    return tuple(hooks)


def _hook(table: Table) -> Hook:
    name = table.need("name", str, "")
    check_name(name, table, "name")
    allow_private = table.get("allow_private", bool, False)
    hook = Hook(
        name=name,
        url=_url(table, allow_private=allow_private),
        events=tuple(_events(table)),
        secret_files=_secret_files(table),
        allow_private=allow_private,
    )
    table.finish()
    return hook


def _url(table: Table, *, allow_private: bool) -> str:
    url = table.need("url", str, "")
    if not url:
        return ""
    parts = http_url(url)
    if parts is None or not url.isascii() or " " in url:
        message = N_('`url` is an address on the web: "https://crm.example.org/relance"')
        table.mistake("url", message)
    elif not allow_private and (parts.scheme != "https" or parts.port not in (None, 443)):
        message = N_(
            "`url` begins with https:// and names no port; in a network of your own:"
            " `allow_private = true`"
        )
        table.mistake("url", message)
    elif not allow_private and _is_private(parts.hostname or ""):
        message = N_(
            "`{host}` stands in a network of one's own, where nothing is told unless"
            " `allow_private = true`"
        )
        table.mistake("url", message, host=parts.hostname or "")
    return url


def _is_private(host: str) -> bool:
    """As far as the name itself says so (RFC 6761, RFC 8375): what it leads to is looked at with
    each message.
    """
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.rpartition(".")[2] in OWN_DOMAINS


def _events(table: Table) -> Iterator[str]:
    from engine.ledger.names import NAMES

    if "events" not in table.values:
        table.known.add("events")
        table.mistake("", N_("`{key}` is missing"), key="events")
    events = table.get("events", list, [])
    if table.values.get("events") == []:
        message = N_('`events` names the facts to tell of, or ["*"] for every one')
        table.mistake("events", message)
    for event in events:
        if event != EVERY and event not in NAMES:
            close = hint(nearest(str(event), NAMES))
            message = N_("there is no event “{event}”{hint}; docs/format.md lists them")
            table.mistake("events", message, event=str(event), hint=close)
        else:
            yield str(event)


def _secret_files(table: Table) -> tuple[str, ...]:
    table.known.add("secret_file")
    written = table.values.get("secret_file")
    if written is None:
        table.mistake("", N_("`{key}` is missing"), key="secret_file")
        return ()
    paths = written if isinstance(written, list) else [written]
    files = tuple(path for path in paths if isinstance(path, str) and path.strip())
    if len(files) != len(paths) or not 0 < len(files) <= MAX_SECRET_FILES:
        message = N_("`secret_file` is the path of a file, or a list of at most {most} of them")
        table.mistake("secret_file", message, most=MAX_SECRET_FILES)
    return files
