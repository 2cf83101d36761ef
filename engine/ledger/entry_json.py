"""One entry of the ledger as JSON, with what the vault still keeps of its cause. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from engine.ledger.codec import Entry, as_plain
from engine.sequence.timing import to_local

EvidenceByCommitment = Mapping[str, Mapping[str, object]]
"""A person's evidence by commitment in hexadecimal."""


def entry_as_json(entry: Entry, evidence: EvidenceByCommitment) -> dict[str, object]:
    """Dates in ISO 8601 UTC beside the stored milliseconds."""
    payload = as_plain(entry.event)
    at = payload.pop("at")
    cause = {key: value for key, value in as_plain(entry.cause).items() if value not in ("", -1)}
    if entry.cause.evidence in evidence:
        cause["kept"] = evidence[entry.cause.evidence]
    return {
        "event": entry.name,
        "at": iso(at),
        "recorded_at": iso(entry.recorded_at),
        "at_ms": at,
        "recorded_at_ms": entry.recorded_at,
        "position": entry.position,
        "version": entry.version,
        "cause": cause,
        "payload": payload,
    }


def iso(instant: int) -> str:
    """ISO 8601 in UTC of an instant in milliseconds."""
    return to_local(instant, "UTC").strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant % 1000:03d}Z"
