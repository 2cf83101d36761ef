"""What a further host needs: `config.toml`, the files it names, and what lies in `data/secrets`.

What is a machine's own (marks, the ledger's position, the last checkpoint, the stop journal, the
embedded database) stays. So does a file outside of the folder: it is named, to be put
there by hand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from engine import __version__
from engine.config import Config, is_loopback
from engine.environment import STORE_URL, STORE_URL_FILE
from engine.i18n.language import N_
from engine.i18n.user_error import UserError
from engine.joining.protocol import (
    CONFIG,
    MAX_FILE_BYTES,
    SECRETS,
    TOO_LARGE,
    Bundle,
    is_file_name,
)
from engine.secret_files import NAMES, SIGNING, read_secrets, signing_seed
from engine.sequence.webhooks import Webhook
from engine.store.connecting import address_parts

OF_THE_EMBEDDED = "postgres.password"
UNFINISHED = (".new", ".unfinished")
FILES_OF_THE_STORE = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile")


def refuse_unshared_store(config: Config) -> None:
    """Raises UserError where a second host could not reach the database by `config.toml`."""
    if os.environ.get(STORE_URL) or os.environ.get(STORE_URL_FILE):
        raise UserError(
            N_(
                "the database's address comes from the environment, which does not travel: write it"
                " into [store] url first"
            )
        )
    if config.store_url == "embedded":
        raise UserError(
            N_(
                "the embedded PostgreSQL is of this machine alone: move to a PostgreSQL that other"
                " hosts reach (`relance backup`, [store] url, `relance restore`), then offer again"
            )
        )
    hosts = address_parts(config.store_url).get("host", "").split(",")
    if any(not host or host.startswith(("/", "@")) or is_loopback(host) for host in hosts):
        raise UserError(
            N_(
                "[store] url names the database as this machine alone calls it: write a name that"
                " the other host reaches too; where each host has its own tunnel, that name in"
                " `host` and 127.0.0.1 in `hostaddr`"
            )
        )


def gather(config: Config, webhooks: Sequence[Webhook]) -> Bundle:
    """`webhooks`: those that are published. Raises UserError, SecretMissing, OSError."""
    files = {CONFIG: _octets(config.folder / CONFIG)} | dict(_secrets(config))
    by_hand: list[str] = []
    for name in _named(config, webhooks):
        inside = PurePosixPath(name).as_posix()
        if inside in files:
            continue
        if is_file_name(inside) and (config.folder / inside).is_file():
            files[inside] = _octets(config.folder / inside)
        elif name not in by_hand:
            by_hand.append(name)
    return Bundle(__version__, files, tuple(by_hand))


def _secrets(config: Config) -> Iterator[tuple[str, bytes]]:
    """What the environment says instead of a file becomes a file."""
    secrets = read_secrets(config.secrets)
    values = (secrets.link_key, secrets.pepper, secrets.nonce_key, signing_seed(config.secrets))
    for name, value in zip((*NAMES, SIGNING), values, strict=True):
        yield SECRETS + name, value.hex().encode()
    for path in sorted(config.secrets.rglob("*")):
        name = SECRETS + path.relative_to(config.secrets).as_posix()
        if (
            path.name not in (*NAMES, SIGNING, OF_THE_EMBEDDED)
            and not path.name.endswith(UNFINISHED)
            and path.is_file()
        ):
            if not is_file_name(name):
                raise UserError(N_("{file} has a name that does not travel: rename it"), file=path)
            yield name, _octets(path)


def _named(config: Config, webhooks: Sequence[Webhook]) -> Iterator[str]:
    """Every file that the configuration, or a published webhook, names."""
    imap, oidc = config.inbound.imap, config.console.oidc
    store = address_parts(config.store_url)
    single = (
        config.smtp.password_file,
        imap.password_file if imap is not None else "",
        oidc.secret_file if oidc is not None else "",
        config.form.order_key_file,
        config.shaping.providers,
        config.proof.stamp_roots,
        *(store.get(key, "") for key in FILES_OF_THE_STORE),
        _password_file(store),
        *(webhook.api_key_file for webhook in webhooks),
    )
    yield from (name for name in single if name and name != "system")
    for hook in config.hooks:
        yield from hook.secret_files
    for webhook in webhooks:
        yield from webhook.secret_files


def _password_file(store: dict[str, str]) -> str:
    """Where libpq looks for the owner's password by itself, "" where it need not."""
    if "password" in store or "passfile" in store:
        return ""
    usual = Path(os.environ.get("PGPASSFILE") or Path.home() / ".pgpass")
    return str(usual) if usual.is_file() else ""


def _octets(path: Path) -> bytes:
    with path.open("rb") as file:
        octets = file.read(MAX_FILE_BYTES + 1)
    if len(octets) > MAX_FILE_BYTES:
        raise UserError(TOO_LARGE)
    return octets
