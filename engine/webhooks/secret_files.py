"""What `[[webhook]]` names by `secret_file` and `api_key_file`: read when it is used, so that a new
one needs no restart, and published nowhere (G18).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from engine.secret_files import read_secret
from engine.sequence.mistakes import Mistake, Unreadable
from engine.sequence.model import Plan
from engine.sequence.plan_source import PlanSource
from engine.sequence.webhooks import REREAD_KINDS, Webhook
from engine.store.files import sync_folder
from engine.words import N_, Words, words

_OWN: Final = re.compile(r"data/secrets/webhook-[a-z0-9][a-z0-9-]{0,62}(?:\.api)?")
"""None of the installation's own secrets is called so."""


def secrets_of(webhook: Webhook, folder: Path) -> tuple[bytes, ...]:
    """`folder` is that of `config.toml`. Raises Unreadable."""
    return tuple(read_secret(folder / file) for file in webhook.secret_files)


def api_key_of(webhook: Webhook, folder: Path) -> bytes:
    """b"" where none is named. Raises Unreadable."""
    return read_secret(folder / webhook.api_key_file) if webhook.api_key_file else b""


def own_file(webhook: str, *, api_key: bool = False) -> str:
    """Where pages keep what they are given, from the folder of `config.toml`."""
    return f"data/secrets/webhook-{webhook}{'.api' if api_key else ''}"


def write_secret(folder: Path, file: str, secret: bytes) -> None:
    """Whole or not at all, and readable by its owner alone. Raises Unreadable for a `file` that is
    not the console's to write, and OSError.
    """
    if _OWN.fullmatch(file) is None:
        raise Unreadable(N_("{place} is not written by pages: put the secret there"), place=file)
    place = folder / file
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = place.with_name(f"{place.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(
        os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
    ) as opened:
        opened.write(secret + b"\n")
        opened.flush()
        os.fsync(opened.fileno())
    unfinished.rename(place)
    sync_folder(place.parent)


class UnusableFile(NamedTuple):
    """`key` names it, "" where `api_key_file` should be named and is not."""

    key: str
    why: Words


def unusable_files(webhook: Webhook, folder: Path) -> Iterator[UnusableFile]:
    """Why nothing that comes is believed, or some of it."""
    files = [("secret_file", file) for file in webhook.secret_files]
    if webhook.api_key_file:
        files.append(("api_key_file", webhook.api_key_file))
    elif webhook.kind in REREAD_KINDS and not webhook.secret_files:
        missing = N_("`{key}` is missing: no call counts")
        yield UnusableFile("", words(missing, key="api_key_file"))
    for key, file in files:
        try:
            secret = read_secret(folder / file)
        except Unreadable as error:
            yield UnusableFile(key, error.words)
        else:
            if (fault := _fault(webhook, key, secret)) is not None:
                yield UnusableFile(key, words(fault, file=file))


def _fault(webhook: Webhook, key: str, secret: bytes) -> str | None:
    """What is plainly something else than the sender gives out for it."""
    match webhook.kind, key:
        case "stripe", "secret_file" if not secret.startswith(b"whsec_"):
            return N_("{file} holds no signing secret of Stripe, which begins with `whsec_`")
        case "helloasso", "api_key_file" if not all(secret.partition(b":")):
            return N_("{file} holds no key of HelloAsso: write client id, a colon, client secret")
        case "sumup", "secret_file":
            return N_("SumUp signs nothing, so that {file} is not used: `api_key_file` is enough")
        case _:
            return None


def missing_secrets(plan: Plan, folder: Path) -> Iterator[Mistake]:
    """Warnings: where letters are written the secrets need not lie."""
    source = PlanSource(plan, plan.words)
    for webhook in plan.webhooks.values():
        for unusable in unusable_files(webhook, folder):
            yield source.mistake(("webhook", webhook.name), unusable.key, unusable.why)
