"""A person's grounds, each with everything that proves it, put together from their facts and what
the vault holds. Pure: nothing is looked up here.

What a ground rests on may lie in several facts: a double opt-in is the request, the mail that asked
and the relay's answer to it, and the act that confirmed. Their pieces are joined here under the
names of `required`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.ledger.codec import Entry
from engine.subscriber import events as e

Pieces = Mapping[str, Mapping[str, object]]
_OF_THE_CONFIRMATION = {
    "button": "confirm_button",
    "page": "confirm_page",
    "notice_digest": "confirm_digest",
    "visitor": "confirm_visitor",
    "message": "message",
    "act": "act",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """One ground with what is known of it. `gone`: commitments of its facts to which the vault has
    nothing any more.
    """

    entry: Entry
    said: Mapping[str, object]
    gone: tuple[str, ...] = ()


def proofs(entries: Sequence[Entry], pieces: Pieces) -> Iterator[Proof]:
    """Each ground a stream ever gave, oldest first; `pieces` are payloads by commitment in
    hexadecimal.
    """
    for place, entry in enumerate(entries):
        event = entry.event
        if isinstance(event, e.ConsentConfirmed):
            yield _confirmed(entry, event, entries[:place], pieces)
        elif isinstance(event, e.ConsentGiven | e.GroundDeclared):
            yield _stated(entry, event, pieces)


def _stated(entry: Entry, event: e.ConsentGiven | e.GroundDeclared, pieces: Pieces) -> Proof:
    own = pieces.get(entry.cause.evidence)
    said = dict(own or {}) | _of_the_fact(entry, event.at, event.purpose)
    if event.notice:
        said["notice_digest"] = event.notice
    return Proof(entry, said, () if own is not None else (entry.cause.evidence,))


def _confirmed(
    entry: Entry, event: e.ConsentConfirmed, before: Sequence[Entry], pieces: Pieces
) -> Proof:
    own = pieces.get(entry.cause.evidence)
    request = next(
        (
            each
            for each in reversed(before)
            if isinstance(each.event, e.ConsentRequested) and each.event.request == event.request
        ),
        None,
    )
    asked = pieces.get(request.cause.evidence) if request is not None else None
    said: dict[str, object] = dict(asked or {})
    said |= {name: own[key] for key, name in _OF_THE_CONFIRMATION.items() if own and key in own}
    said["unknown"] = [*_listed((asked or {}).get("unknown")), *_listed((own or {}).get("unknown"))]
    said |= _of_the_fact(entry, event.at, event.purpose) | {
        "confirmed_at": event.at,
        "request": event.request,
        "basis": "consent",
    }
    said["form_basis"] = (asked or {}).get("basis", "")
    said["method"] = f"{request.cause.door}-confirmed" if request is not None else ""
    said["act"] = event.act or said.get("act")
    if request is not None:
        said |= {"asked_at": request.event.at, "asked_by": said.get("by")}
    gone = [
        each.cause.evidence
        for each, piece in ((entry, own), (request, asked))
        if each is not None and piece is None
    ]
    mailed, unheard, lost = _mail(entry.cause.ref, before, pieces)
    said |= mailed | {"unknown": [*_listed(said["unknown"]), *unheard]}
    return Proof(entry, said, (*gone, *lost))


def _mail(
    message: str, before: Sequence[Entry], pieces: Pieces
) -> tuple[dict[str, object], tuple[str, ...], tuple[str, ...]]:
    """The mail that was answered, as it was handed over: its bytes, and what the relay said; what
    of the relay's answer nobody heard; what is gone.

    A sender that was killed leaves the code of an answer and no words; one whose line broke after
    the dot, neither.
    """
    said: dict[str, object] = {}
    unheard: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    for each in before:
        event = each.event
        if (
            isinstance(event, e.LetterSent | e.LetterInDoubt)
            and event.message == message
            and event.mail
        ):
            piece, words = pieces.get(event.mail), pieces.get(each.cause.evidence)
            gone = (event.mail,) if piece is None else ()
            unheard = (
                ("sent_at", "relay_code", "relay_words")
                if isinstance(event, e.LetterInDoubt)
                else ()
            )
            unheard = unheard or (() if each.cause.evidence else ("relay_words",))
            said = {
                "mail_commitment": event.mail,
                **{
                    name: piece[name]
                    for name in ("mail", "mail_digest", "message_id")
                    if piece and name in piece
                },
            }
            if isinstance(event, e.LetterSent):
                said |= {
                    "sent_at": event.at,
                    "relay_code": event.code,
                    "relay_words": (words or {}).get("words"),
                }
    return said, unheard, gone


def _of_the_fact(entry: Entry, at: int, purpose: str) -> dict[str, object]:
    return {
        "occurred_at": at,
        "recorded_at": entry.recorded_at,
        "event": entry.name,
        "commitment": entry.cause.evidence,
        "leaf": entry.position - 1,
        "purpose": purpose,
    }


def _listed(names: object) -> list[object]:
    return list(names) if isinstance(names, list | tuple) else []
