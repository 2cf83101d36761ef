"""A contested letter's case for a program: the same findings as codes, positions and
milliseconds.
"""

from __future__ import annotations

from dataclasses import asdict

from engine.audit.letter_case import Case
from engine.audit.published import Published
from engine.cli.audit_story import covering, plain_fact, plain_ground
from engine.context import AppContext
from engine.i18n.language import Language
from engine.ledger.codec import Entry
from engine.privacy.fact_values import iso


def plain(
    context: AppContext, case: Case, published: Published, language: Language
) -> dict[str, object]:
    found, mail, words, covered = case.found, case.contested, case.words, covering(context)

    def facts(entries: tuple[Entry, ...]) -> list[dict[str, object]]:
        zone = context.config.site.timezone
        return [
            plain_fact(case.whose, published, covered, entry, None, zone, language)
            for entry in entries
        ]

    return {
        "held": True,
        "sound": case.sound,
        "told_at": iso(context.clock.now()),
        "mail": (
            None
            if mail is None
            else {
                "sha256": mail.digest,
                "to": mail.to,
                "subject": mail.subject,
                "date": mail.date,
                "ids": list(mail.ids),
            }
        ),
        "found": {
            "by_message_id": found.by_message,
            "by_link": found.by_link,
            "forged_links": found.forged,
            "two_letters": found.mixed,
        },
        "subscriber": case.whose.subscriber,
        "address": case.whose.known.address if case.whose.known else None,
        "message": case.letter.message,
        "position": case.begun.position,
        "attempts": facts(case.attempts),
        "became": facts(case.became),
        "ground": plain_ground(case.ground),
        "purpose": facts(case.about),
        "words": (
            None
            if words is None
            else {
                "edition": words.edition,
                "published_at": iso(words.published_at),
                "file": words.source.path,
                "sha256": words.digest,
                "subject": words.source.subject,
                "body": words.source.body,
            }
        ),
        "compared": {
            name: asdict(compared)
            for name, compared in (
                ("subject", case.subject),
                ("text", case.text),
                ("html", case.html),
            )
            if compared is not None
        },
    }
