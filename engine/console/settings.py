"""`[console]` of config.toml: where the console listens, by what address browsers reach it, and who
else may say who somebody is.
"""

from __future__ import annotations

import ipaddress
from typing import Literal
from urllib.parse import urlsplit

from engine.frozen import dataclass
from engine.sequence.table import Table, http_url
from engine.words import N_, Words, words

Save = Literal["file", "commit", "branch", "read-only"]
SAVES: tuple[Save, ...] = ("file", "commit", "branch", "read-only")
DEFAULT_PORT = 8082


@dataclass(frozen=True, slots=True)
class Oidc:
    """An OpenID provider. `secret_file` holds the client's secret, "" for a public client.

    `role_claim` names the claim of the ID token that must hold the account's role; "" for none.
    """

    issuer: str
    client_id: str
    secret_file: str = ""
    role_claim: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """`url` is what browsers reach the console by, "" for the name localhost and its port. `save`:
    how the editor's changes reach the author's folder.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    url: str = ""
    trusted_proxies: tuple[str, ...] = ()
    save: Save = "file"
    oidc: Oidc | None = None

    def address(self, port: int = 0) -> str:
        """The console's origin; `port` is the one it was given where the configured one is 0."""
        return self.url or f"http://localhost:{port or self.port}"

    def other_port(self) -> Words | None:
        """Why browsers of this machine may not reach it, where `url` names another port than the
        one it listens on.
        """
        named = urlsplit(self.url).port or 80
        if not is_localhost(self.url) or self.port in (0, named):
            return None
        return words(
            N_(
                "[console] url names port {named}, and the console listens on {port}: it answers"
                " under its url alone. Leave url empty, and it follows the port; or have what"
                " listens on {named} hand everything on"
            ),
            named=named,
            port=self.port,
        )

    @property
    def needs_passkey(self) -> bool:
        """Whether a link from this machine is not enough: somebody elsewhere may reach it."""
        return not (is_this_machine(self.host) and is_localhost(self.address()))


def is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_localhost(url: str) -> bool:
    """By the name: an IP address is no relying party for passkeys (WebAuthn 5.1.2)."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host.endswith(".localhost")


def read_console(table: Table) -> Console:
    url = table.get("url", str, "").rstrip("/")
    if url and not _is_usable(url):
        table.mistake(
            "url",
            N_(
                "`url` is the address browsers reach the console by, without a path:"
                ' "https://console.example.org", or "http://localhost:8082" on this machine; a'
                " passkey belongs to a name, never to an IP address"
            ),
        )
        url = ""
    proxies = tuple(map(str, table.get("trusted_proxies", list, [])))
    if not all(map(_is_network, proxies)):
        table.mistake(
            "trusted_proxies",
            N_('`trusted_proxies` is a list of addresses or networks: ["127.0.0.1", "10.0.0.0/8"]'),
        )
        proxies = ()
    port = table.get("port", int, DEFAULT_PORT)
    if not 0 <= port < 65536:
        table.mistake("port", N_("`{key}` is not a port number"), key="port")
    provider = table.table("oidc")
    return Console(
        host=table.get("host", str, "127.0.0.1"),
        port=port,
        url=url,
        trusted_proxies=proxies,
        save=table.one_of("save", SAVES, "file"),
        oidc=_oidc(provider) if provider is not None else None,
    )


def _oidc(table: Table) -> Oidc | None:
    issuer = table.get("issuer", str, "").rstrip("/")
    client = table.get("client_id", str, "")
    oidc = Oidc(
        issuer,
        client,
        table.get("client_secret_file", str, ""),
        table.get("role_claim", str, ""),
    )
    parts = http_url(issuer) if issuer else None
    secure = parts is not None and (
        parts.scheme == "https" or is_this_machine(parts.hostname or "")
    )
    if issuer and (not secure or (parts is not None and parts.query)):
        table.mistake(
            "issuer",
            N_(
                "`issuer` is the address of an OpenID provider, https but on this machine:"
                ' "https://login.example.org"'
            ),
        )
    if bool(issuer) != bool(client):
        table.mistake(
            "issuer" if issuer else "client_id",
            N_("`issuer` and `client_id` go together: a provider, and who it knows us as"),
        )
    table.finish()
    return oidc if issuer and client else None


def _is_usable(url: str) -> bool:
    parts = http_url(url)
    if parts is None or parts.query or parts.path not in ("", "/") or not url.isascii():
        return False
    try:
        ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return parts.scheme == "https" or is_localhost(url)
    return False


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
