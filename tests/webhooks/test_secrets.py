"""Before anything comes, an author is told of a secret that cannot be what the sender gave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.sequence.webhooks import Webhook, WebhookKind
from engine.webhooks.secret_files import unusable_files


def told(folder: Path, kind: WebhookKind, secret: str = "", api_key: str = "") -> list[str]:
    """The sentences about a webhook with these in its files, "" for none."""
    for name, content in (("secret", secret), ("key", api_key)):
        (folder / name).write_text(content)
    webhook = Webhook(
        name="boutique",
        kind=kind,
        secret_files=("secret",) if secret else (),
        rules=(),
        api_key_file="key" if api_key else "",
        file="relance.toml",
    )
    return [unusable.why.said() for unusable in unusable_files(webhook, folder)]


@pytest.mark.parametrize(
    ("kind", "secret", "api_key"),
    [
        ("stripe", "whsec_abc", ""),
        ("helloasso", "", "client:secret"),
        ("helloasso", "signature", "client:secret"),
        ("sumup", "", "sup_sk_abc"),
        ("generic", "anything at all", ""),
    ],
)
def test_what_a_sender_gives_out_is_taken(
    tmp_path: Path, kind: WebhookKind, secret: str, api_key: str
) -> None:
    assert told(tmp_path, kind, secret, api_key) == []


@pytest.mark.parametrize(
    ("kind", "secret", "api_key", "begins"),
    [
        ("stripe", "sk_live_abc", "", "secret holds no signing secret of Stripe"),
        ("helloasso", "", "client", "key holds no key of HelloAsso"),
        ("helloasso", "", "client:", "key holds no key of HelloAsso"),
        ("helloasso", "", ":secret", "key holds no key of HelloAsso"),
        ("sumup", "whatever", "sup_sk_abc", "SumUp signs nothing, so that secret is not used"),
    ],
)
def test_what_it_never_gives_out_is_told_without_repeating_it(
    tmp_path: Path, kind: WebhookKind, secret: str, api_key: str, begins: str
) -> None:
    (sentence,) = told(tmp_path, kind, secret, api_key)
    assert sentence.startswith(begins)
    assert not any(part in sentence for part in ("sk_live_abc", "sup_sk_abc", "whatever"))
