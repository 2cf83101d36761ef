"""What `[[webhook]]` names by `secret_file` and `api_key_file`: read when it is used, so that a new
one needs no restart, and published nowhere (G18).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.secret_files import read_secret
from engine.sequence.mistakes import Mistake, Unreadable
from engine.sequence.model import Plan
from engine.sequence.plan_source import PlanSource
from engine.sequence.webhooks import REREAD_KINDS, Webhook
from engine.words import N_, words


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
