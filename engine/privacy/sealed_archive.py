"""Proof kept for legal defence after an erasure (D13, GDPR 17(3)(e)): the exact entries, the
evidence with its salts, and the words they refer to, sealed to the key of `[proof]
archive_recipient`. The private key belongs elsewhere, so neither operator nor intruder can read it.
"""

from __future__ import annotations

import json

from engine.context import AppContext
from engine.ledger.entry_json import iso
from engine.privacy.erasure import Archived, Seal, archived_until
from engine.privacy.export import notices
from engine.sequence.delay import Delay
from engine.vault.sealing import SealingRefused, seal

FORMAT = "relance-archive/1"


def archiver(context: AppContext, span: Delay) -> Seal:
    """What seals one person's proof for `span` from now. Raises SealingRefused where no key is
    set.
    """
    key = context.config.proof.archive_recipient
    if not key:
        raise SealingRefused(
            "proof is sealed to an auditor's key, and none is set: [proof] archive_recipient in"
            " config.toml"
        )

    def archive(subscriber: str) -> Archived:
        now = context.clock.now()
        ends_at = archived_until(now, span, context.config.site.timezone)
        return Archived(seal(_proof(context, subscriber, now, ends_at), key), ends_at)

    return archive


def _proof(context: AppContext, subscriber: str, now: int, ends_at: int) -> bytes:
    """UTF-8 JSON. `state` is each entry as it is stored, byte for byte; SHA-256("commit/v1\\0" +
    salt + payload) is its commitment.
    """
    entries = context.ledger.stream(subscriber)
    known = context.vault.people([subscriber]).get(subscriber)
    states = [(entry.position, context.ledger.bytes_at(entry.position) or b"") for entry in entries]
    said = {
        "format": FORMAT,
        "subscriber": subscriber,
        "archived_at": iso(now),
        "ends_at": iso(ends_at),
        "address": known.address if known else None,
        "fields": dict(known.fields) if known else {},
        "entries": [{"position": position, "state": state.decode()} for position, state in states],
        "evidence": [
            {"commitment": commitment.hex(), "salt": salt.hex(), "payload": payload.decode()}
            for commitment, salt, payload in context.vault.evidence_bytes(subscriber)
        ],
        "words": notices(entries, context.installation_stream.current()),
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode()
