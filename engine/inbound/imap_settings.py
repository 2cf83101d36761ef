"""The mailbox of `[inbound]` in config.toml, from which mail that comes back is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from engine.sequence.table import Table
from engine.words import N_

IMAPS_PORT = 993


@dataclass(frozen=True, slots=True, kw_only=True)
class Imap:
    """A mailbox that is read by IMAP under TLS. What was understood goes into the folder
    `understood`, and is deleted where that is "".
    """

    host: str
    user: str
    port: int = IMAPS_PORT
    password_file: str = ""
    understood: str = "Relance"


def read_imap(table: Table) -> Imap | None:
    """None where none is named."""
    url = table.get("imap", str, "")
    password_file = table.get("imap_password_file", str, "")
    understood = table.get("folder_understood", str, "Relance")
    if not understood.isprintable() or len(understood) > 200 or understood.upper() == "INBOX":
        table.mistake(
            "folder_understood",
            N_("`folder_understood` is the name of a folder of the mailbox other than INBOX"),
        )
    if not url:
        if password_file:
            table.mistake(
                "imap_password_file", N_("`imap_password_file` is used with `imap` alone")
            )
        return None
    imap = _read_url(url)
    if imap is None:
        table.mistake(
            "imap",
            N_(
                "`imap` is a mailbox that is read under TLS, its name's @ written %40:"
                ' "imaps://retours%40example.org@imap.example.org"'
            ),
        )
    elif not password_file:
        table.mistake(
            "imap",
            N_("`imap` needs an `imap_password_file` (the password itself never stands here)"),
        )
    else:
        host, port, user = imap
        return Imap(
            host=host,
            port=port,
            user=user,
            password_file=password_file,
            understood=understood,
        )
    return None


def _read_url(url: str) -> tuple[str, int, str] | None:
    """Host, port and user; None for what is no such URL, or holds a password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or IMAPS_PORT
    except ValueError:
        return None
    user = unquote(parts.username or "")
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.password is not None
    if parts.scheme != "imaps" or not host or not user or not user.isprintable() or more:
        return None
    return host, port, user
