"""The address that a person's facts commit to (E06), held against what stands elsewhere: in the
vault, in the forms they filled in, in the mails that asked them to confirm.

The evidence of a registration and of a change of address holds the address as `email`, that of a
form among its `answers`; so whoever exchanges two people's addresses would have to find another
payload with the same salted SHA-256. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from engine.audit.evidence import sound_particulars
from engine.audit.report import Line
from engine.i18n.language import Say
from engine.intake.address import AddressRefused, normalise
from engine.intake.contested import ContestedRefused, read_contested
from engine.ledger.codec import Entry
from engine.subscriber import events as e
from engine.vault.evidence import Evidence, octets_of

ANSWERING = (e.ConsentRequested, e.ConsentGiven, e.GroundDeclared)


@dataclass(frozen=True, slots=True)
class OtherAddress:
    """`address` stands in the evidence of the fact at `position` (0: in the vault), where none but
    a committed one may.
    """

    place: Literal["vault", "form", "mail"]
    position: int
    address: str


@dataclass(frozen=True, slots=True)
class AddressCheck:
    """`known` is the address that the vault has, `committed` the one that the fact at `since`
    commits to; "" where there is none.
    """

    known: str
    committed: str
    since: int
    others: tuple[OtherAddress, ...]


def address_check(
    entries: Sequence[Entry], pieces: Mapping[str, Evidence], known: str
) -> AddressCheck:
    """`entries` are a person's in order, `pieces` their evidence by commitment, `known` the address
    that the vault has for them, "" for none. Evidence that is not what was committed to counts as
    none. A form or a mail under way while the address changed may have the one before.
    """
    current, since = "", 0
    had: set[str] = set()
    others: list[OtherAddress] = []
    for entry in entries:
        event = entry.event
        if isinstance(event, e.SubscriberErased):
            current, since = "", 0
            had.clear()
        address = _address(pieces, entry.cause.evidence)
        commits = isinstance(event, e.SubscriberRegistered) or (
            isinstance(event, e.ProfileChanged) and "email" in event.fields
        )
        if commits or (isinstance(event, ANSWERING) and address and not current):
            current, since = address, entry.position if address else 0
            had |= {address} - {""}
        elif isinstance(event, ANSWERING) and address and address not in had:
            others.append(OtherAddress("form", entry.position, address))
        elif isinstance(event, e.LetterSent | e.LetterInDoubt) and current:
            recipients = _recipients(pieces, event.mail) - had
            others += [OtherAddress("mail", entry.position, each) for each in sorted(recipients)]
    if current and known not in ("", current):
        others.append(OtherAddress("vault", 0, known))
    return AddressCheck(known, current, since, tuple(others))


def _address(pieces: Mapping[str, Evidence], digest: str) -> str:
    particulars = sound_particulars(pieces, digest)
    answers = particulars.get("answers")
    address = particulars.get("email") or (
        answers.get("email") if isinstance(answers, Mapping) else None
    )
    return address if isinstance(address, str) else ""


def _recipients(pieces: Mapping[str, Evidence], digest: str) -> set[str]:
    """To whom the mail went, by its own header and by what was noted of it."""
    particulars = sound_particulars(pieces, digest)
    if "mail" not in particulars:
        return set()
    try:
        header = read_contested(octets_of(particulars)).to
    except (ValueError, ContestedRefused):
        header = ""
    return {_normal(header), _normal(str(particulars.get("to", "")))}


def _normal(address: str) -> str:
    try:
        return normalise(address)
    except AddressRefused:
        return address


def address_lines(check: AddressCheck, _: Say) -> Iterator[Line]:
    """A fault for each other address; where there is none, whether a fact commits to theirs."""
    for other in check.others:
        sentence = _other(other, _)
        yield Line(
            sentence.format(
                address=other.address,
                position=other.position,
                committed=check.committed,
                since=check.since,
            ),
            mark="fault",
        )
    if check.known and not check.committed:
        yield Line(_("no fact commits to this address: that it is theirs the vault says alone"))
    elif check.known == check.committed != "":
        yield Line(
            _("the fact at position {since} commits to this address").format(since=check.since)
        )


def _other(other: OtherAddress, _: Say) -> str:
    match other.place:
        case "vault":
            return _(
                "the vault says {address}, but the fact at position {since} commits to {committed}:"
                " one of the two is another person's"
            )
        case "form":
            return _(
                "at position {position} {address} was entered, which no fact before commits to"
                " ({committed}, position {since})"
            )
        case "mail":
            return _(
                "at position {position} the mail that asked to confirm went to {address}, which no"
                " fact before commits to ({committed}, position {since})"
            )
        case unreachable:
            assert_never(unreachable)
