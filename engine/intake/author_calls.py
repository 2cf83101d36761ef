"""The JSON body of an API call of somebody who writes and publishes → what is wanted, or every
mistake in it at once. Pure; see `calls`.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.intake.calls import YES_NO, BodyReader, Member, Mistakes
from engine.sequence.model import Plan

PUBLICATION = (
    Member("digest", "text", True, "The digest of the plan that was looked at."),
    Member(
        "backfill",
        "text",
        False,
        "yes: new letters also go to those for whom their moment is past.",
        YES_NO,
    ),
    Member(
        "stranded",
        "text",
        False,
        "yes: you know that people stand on lists that would be gone.",
        YES_NO,
    ),
)


@dataclass(frozen=True, slots=True)
class WantedPublication:
    digest: str
    backfill: bool
    stranded: bool


def read_publication(body: object, plan: Plan, now: int) -> WantedPublication | Mistakes:
    reader = BodyReader(body, PUBLICATION, plan, now)
    read = WantedPublication(
        reader.text("digest"), reader.text("backfill") == "yes", reader.text("stranded") == "yes"
    )
    return reader.end() or read
