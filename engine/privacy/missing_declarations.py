"""What is missing for a paper to be complete: a paper with holes is worse than none, so it refuses
with the whole list. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.i18n.language import N_
from engine.privacy.declared_then import Day

CONTROLLER = {
    "name": N_("[controller] name: who answers for the data"),
    "address": N_("[controller] address: where they are"),
    "contact": N_("[controller] contact: how people reach them about their data"),
}


def missing_in_register(day: Day, *, relay: str) -> Iterator[str]:
    """English sentences, marked for the catalogue. `relay` names the mail server if it is somebody
    else's.
    """
    declared, plan = day.declared, day.plan
    for key, sentence in CONTROLLER.items():
        if not getattr(declared.controller, key):
            yield sentence
    if any(not purpose.description for purpose in plan.purposes.values()):
        yield N_("[[purpose]] description: each purpose says in a sentence what people receive")
    if relay and not declared.processors:
        yield N_(
            "[[processor]]: your letters are carried by a mail provider, which is one; so is who"
            " hosts this machine"
        )


def missing_in_annex(day: Day) -> Iterator[str]:
    for key, sentence in CONTROLLER.items():
        if not getattr(day.declared.controller, key):
            yield sentence
    if not day.declared.processors:
        yield N_(
            "[[processor]]: no processor is declared, so there is nobody to make an annex with"
        )
    if not day.declared.controller.security:
        yield N_("[controller] security: the measures you expect of whoever works on the data")
