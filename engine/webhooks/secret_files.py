"""What `[[webhook]]` names by `secret_file` and `api_key_file`: read when it is used, so that a new
one needs no restart, and published nowhere (G18).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.sequence.mistakes import Mistake, Unreadable
from engine.sequence.model import Plan
from engine.sequence.plan_source import PlanSource
from engine.sequence.webhooks import REREAD_KINDS, Webhook
from engine.words import N_, words

MAX_SECRET_BYTES: Final = 10_000


def read_secret(file: Path) -> bytes:
    """Without the line's end. Raises Unreadable where it is not there, empty or too long."""
    try:
        with file.open("rb") as opened:
            secret = opened.read(MAX_SECRET_BYTES + 1).rstrip(b"\r\n")
    except OSError as error:
        message = N_("{place} cannot be used: {why}")
        raise Unreadable(message, place=str(file), why=error.strerror or str(error)) from None
    if not secret.strip():
        raise Unreadable(N_("{place} holds no secret: it is empty"), place=str(file))
    if len(secret) > MAX_SECRET_BYTES:
        raise Unreadable(N_("{place} is too long for a secret"), place=str(file))
    return secret


def secrets_of(webhook: Webhook, folder: Path) -> tuple[bytes, ...]:
    """`folder` is that of `config.toml`. Raises Unreadable."""
    return tuple(read_secret(folder / file) for file in webhook.secret_files)


def api_key_of(webhook: Webhook, folder: Path) -> bytes:
    """b"" where none is named. Raises Unreadable."""
    return read_secret(folder / webhook.api_key_file) if webhook.api_key_file else b""


def missing_secrets(plan: Plan, folder: Path) -> Iterator[Mistake]:
    """Warnings: where letters are written the secrets need not lie."""
    source = PlanSource(plan, plan.words)
    for webhook in plan.webhooks.values():
        files = [("secret_file", file) for file in webhook.secret_files]
        if webhook.api_key_file:
            files.append(("api_key_file", webhook.api_key_file))
        elif webhook.kind in REREAD_KINDS and not webhook.secret_files:
            message = words(N_("`{key}` is missing: no call counts"), key="api_key_file")
            yield source.mistake(("webhook", webhook.name), "", message)
        for key, file in files:
            try:
                read_secret(folder / file)
            except Unreadable as error:
                yield source.mistake(("webhook", webhook.name), key, error.words)
