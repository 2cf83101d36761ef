"""What is done with a mail that came in, whichever door it came through: its reading becomes one
command through the CommandHandler, or none; what is for a person to read waits to be handed on, and
what is not understood is kept and listed.

`handle` returns only after the commit, so that a door may answer then and no sooner. The same mail
again, after a kill between commit and answer or through another door, is known by its digest and
changes nothing. Blocking; for any thread.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, assert_never

from engine.commands.command_handler import CommandHandler, CommandRequest
from engine.config import Config
from engine.desk.clock import Clock
from engine.desk.desk import Desk
from engine.desk.dmarc_reports import DmarcReports, ReportedSource
from engine.desk.robot import RobotDesk
from engine.inbound.aggregate_report import AggregateReport
from engine.inbound.automatic import AutoReplied, Challenged
from engine.inbound.delivery_status import Bounced, Delayed, Delivered
from engine.inbound.feedback import Complained
from engine.inbound.kept_reasons import TOO_LARGE, Unplaced, stored_reason, stored_unplaced
from engine.inbound.letter_identity import Receiver
from engine.inbound.mail import (
    MAX_MAIL_BYTES,
    InboundRefused,
    addresses_in,
    parse_mail,
    words_of,
)
from engine.inbound.own_letters import (
    MAX_KEPT_WORDS,
    Keep,
    LetterViews,
    OwnLetter,
    OwnLetters,
    Returned,
    TryLater,
)
from engine.inbound.reading import NotUnderstood, Reading, Replied, read_mail
from engine.inbound.stop_words import Stopped
from engine.intake.address import AddressRefused, normalise
from engine.ledger.store import Ledger
from engine.mime.headers import HeaderRefused, ascii_domain
from engine.mime.return_path import TOKEN_CHARACTERS, read_return_address, return_key
from engine.subscriber.commands import (
    AnyCommand,
    ExerciseRight,
    RecordReply,
    WithdrawEverything,
    withdrawal,
)
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done
from engine.subscriber.own_robot import is_of_robot
from engine.vault.evidence import SALT_BYTES, Evidence, evidence
from engine.vault.inbound_mail import InboundMails, InboundNote, InboundState
from engine.vault.vault import Vault, VaultWrite

MAX_KEPT_BYTES: Final = 256 * 1024
"""Of a mail that is larger than is read, as much is kept as shows what it is."""
_COPIED_ON_THE_WAY = re.compile(
    rb"(?:(?:return-path|received|delivered-to|x-original-to|envelope-to|x-envelope-to)[ \t]*:"
    rb"[^\n]*\n(?:[ \t][^\n]*\n)*)*",
    re.IGNORECASE,
)

InboundDoor = Literal["lmtp", "smtp", "imap"]
End = Literal["done", "nothing", "waiting", "kept", "left", "repeated"]


@dataclass(frozen=True, slots=True)
class Handled:
    """How a mail ended. "done": a fact followed, or there was nothing left to do; "nothing":
    nothing follows from what it is; "waiting": it is handed on to the operator; "kept": not
    understood, or of nobody known, and listed; "left": for a person to read, and nobody is named to
    hand it to, so the door leaves it where it is; "repeated": it was handled before. `reading` is
    None where it came before, or was for the installation's own robot.
    """

    end: End
    reading: Reading | None = None

    @property
    def understood(self) -> bool:
        """Whether a door may put the mail away."""
        return self.end not in ("kept", "left")


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundStores:
    """What this room is handed. `link_key` proves tokens of ours."""

    config: Config
    clock: Clock
    desk: Desk
    ledger: Ledger
    vault: Vault
    command_handler: CommandHandler
    letters: LetterViews
    mails: InboundMails
    reports: DmarcReports
    robot: RobotDesk
    link_key: bytes


class InboundHandler:
    def __init__(self, stores: InboundStores) -> None:
        self.stores = stores
        self.receiver = receiver_of(stores.config, stores.link_key)
        self.letters = OwnLetters(stores)

    def handle(self, octets: bytes, recipients: Sequence[str], door: InboundDoor) -> Handled:
        """`recipients` are the addresses of the envelope, none where a door does not know them.

        Raises TryLater, UnknownFull, and what the database raises when it is away: the mail is then
        not handled, and has to come again.
        """
        mail = _Mail(octets, tuple(recipients), door, digest_of(octets, recipients))
        before = self.stores.mails.state_of(mail.digest)
        if before is not None:
            return Handled("kept" if before == "unknown" else "repeated")
        if self._is_for_robot(mail):
            self.stores.robot.keep_mail(octets[:MAX_KEPT_BYTES])
            return Handled(self._noted(mail, "handled", "done"))
        reading = read_mail(octets, self.receiver, recipients)
        end = self._follow(mail, reading)
        self._count(NotUnderstood if end == "kept" else type(reading))
        return Handled(end, reading)

    def list_large(self, header: bytes, size: int, door: InboundDoor) -> None:
        """Of a mail of `size` octets that is too large to be read, its header is kept and listed;
        the same again changes nothing. Raises UnknownFull.
        """
        digest = digest_of(header, [str(size)])
        note = InboundNote(
            digest=digest,
            state="unknown",
            door=door,
            why=f"{TOO_LARGE}:megabytes={MAX_MAIL_BYTES // 1024 // 1024}",
            octets=header[:MAX_KEPT_BYTES],
        )
        if self.stores.mails.state_of(digest) is None:
            self.stores.mails.keep(note, self.stores.clock.now())
            self._count(NotUnderstood)

    def _count(self, kind: type[Reading]) -> None:
        """A bounce or complaint that is kept is none of ours: it counts as not understood."""
        self.stores.desk.count(f"inbound:{kind.__name__.lower()}")

    def _follow(self, mail: _Mail, reading: Reading) -> End:
        match reading:
            case Bounced():
                return self._bounced(mail, reading)
            case Complained():
                return self._complained(mail, reading)
            case Stopped():
                return self._stopped(mail, reading)
            case Replied():
                return self._replied(mail, reading)
            case Challenged():
                return self._for_a_person(mail)
            case AggregateReport():
                self._reported(reading)
                return "nothing"
            case Delayed() | Delivered() | AutoReplied():
                return "nothing"
            case NotUnderstood():
                return self._noted(mail, "unknown", "kept", stored_reason(reading))
            case _:
                assert_never(reading)

    def _bounced(self, mail: _Mail, reading: Bounced) -> End:
        if reading.letter is None:
            # Of what a mail only says about itself nothing follows, whomever it names.
            return self._kept(mail, Unplaced.TOKEN_FORGED) if self._is_forged(mail) else "nothing"
        letter = self.letters.find(reading.letter)
        if letter is None:
            return self._kept(mail, Unplaced.LETTER_UNKNOWN)
        if self.letters.has_moved_since(letter):
            return "nothing"
        worst = next(r for r in reading.recipients if r.kind == reading.kind)
        returned = self.letters.bounced(letter, reading.kind, worst.reply, _keeping(letter))
        return self._returned(mail, letter, returned)

    def _complained(self, mail: _Mail, reading: Complained) -> End:
        if not reading.ends_letters:
            return "nothing"
        letter = self.letters.find(reading.letter) if reading.letter else None
        if letter is None:
            return self._kept(mail, Unplaced.COMPLAINT_OF_NO_LETTER)
        keeping = _keeping(letter)
        returned = self.letters.complained(letter, reading.feedback, reading.source, keeping)
        return self._returned(mail, letter, returned)

    def _returned(self, mail: _Mail, letter: OwnLetter, returned: Returned) -> End:
        (piece,) = returned.evidence
        return self._execute(
            mail, returned.command, letter.stream, piece, suppress=returned.suppress
        )

    def _stopped(self, mail: _Mail, reading: Stopped) -> End:
        letter = self.letters.find(reading.letter) if reading.letter else None
        match reading.proof:
            case "token":
                return self._left_by_token(mail, letter)
            case "authenticated":
                return self._left_by_sender(mail, reading.sender)
            case "none":
                return self._asked_to_stop(mail, reading.sender, letter)
            case _:
                assert_never(reading.proof)

    def _left_by_token(self, mail: _Mail, letter: OwnLetter | None) -> End:
        """Whatever the mail says, and whoever wrote it (B08)."""
        if letter is None:
            return self._kept(mail, Unplaced.LETTER_UNKNOWN)
        piece = _evidence({"act": "mailto"}, "act")
        cause = Cause("mailto", letter.begun.message, evidence=piece.commitment.hex())
        purpose = EVERYTHING if letter.begun.kind == "permission" else letter.begun.purpose
        command = withdrawal(self.stores.clock.now(), cause, purpose or EVERYTHING, "mailto")
        return self._execute(mail, command, letter.stream, piece)

    def _left_by_sender(self, mail: _Mail, sender: str) -> End:
        """Our own mail server vouches for who wrote: everything ends (B09)."""
        address, now = _normalised(sender), self.stores.clock.now()
        stream = self._whose(address)
        if not stream:
            if not address:
                return self._kept(mail, Unplaced.SENDER_UNKNOWN)
            self.stores.vault.suppress({self.stores.vault.hash(address): "objected"}, now)
            return self._noted(mail, "handled", "done")
        piece = _evidence({"act": "reply", "words": _words(mail.octets)}, "act")
        cause = Cause("mail", evidence=piece.commitment.hex())
        return self._execute(mail, WithdrawEverything(now, cause, "reply"), stream, piece)

    def _asked_to_stop(self, mail: _Mail, sender: str, letter: OwnLetter | None) -> End:
        """Nothing proves who wrote: a person answers the request (GDPR 12(2))."""
        stream = letter.stream if letter else self._whose(_normalised(sender))
        if not stream:
            return self._kept(mail, Unplaced.SENDER_UNKNOWN)
        piece = _evidence({"right": "objection", "words": _words(mail.octets)}, "act")
        ref = letter.begun.message if letter else ""
        command = ExerciseRight(
            at=self.stores.clock.now(),
            cause=Cause("mail", ref, evidence=piece.commitment.hex()),
            right="objection",
            request=secrets.token_hex(16),
        )
        return self._execute(mail, command, stream, piece)

    def _replied(self, mail: _Mail, reading: Replied) -> End:
        letter = self.letters.find(reading.letter) if reading.letter else None
        if letter is None:
            return self._for_a_person(mail)
        piece = _evidence({"act": "reply", "words": _words(mail.octets)}, "relay")
        command = RecordReply(
            at=self.stores.clock.now(),
            cause=_cause(letter, piece),
            list=letter.begun.list,
            run=letter.begun.run,
        )
        state: InboundState = "waiting" if self._hands_on else "handled"
        end = self._execute(mail, command, letter.stream, piece, state=state)
        return "left" if end == "done" and not self._hands_on else end

    def _reported(self, report: AggregateReport) -> None:
        sources = [
            ReportedSource(
                source=record.source_ip,
                aligned="pass" in (record.dkim, record.spf),
                disposition=record.disposition,
                letters=record.count,
            )
            for record in report.records
        ]
        self.stores.reports.add(
            organisation=report.organisation,
            report=report.report_id,
            domain=report.domain,
            begin=report.begin,
            sources=sources,
        )

    # What a mail is about

    def _whose(self, address: str) -> str:
        vault = self.stores.vault
        return (vault.find(address) or vault.formerly(address) or "") if address else ""

    def _is_for_robot(self, mail: _Mail) -> bool:
        """By the envelope, else by the To of the mail."""
        robot = self.stores.config.doctor.robot
        if not robot:
            return False
        try:
            to = mail.recipients or addresses_in(parse_mail(mail.octets).value("to"))
        except InboundRefused:
            return False
        return any(is_of_robot(robot, _normalised(address)) for address in to)

    def _is_forged(self, mail: _Mail) -> bool:
        """Whether it came to an address that looks like one of ours and is none."""
        tokens = [a.rpartition("@")[0].rpartition("+")[2] for a in mail.recipients if "+" in a]
        return any(len(token) == TOKEN_CHARACTERS for token in tokens) and not any(
            read_return_address(self.receiver.key, address) for address in mail.recipients
        )

    # What becomes of it

    @property
    def _hands_on(self) -> bool:
        return bool(self.stores.config.inbound.reply_to)

    def _execute(
        self,
        mail: _Mail,
        command: AnyCommand,
        stream: str,
        piece: Evidence,
        *,
        suppress: str = "",
        state: InboundState = "handled",
    ) -> End:
        """One transaction: the facts, their evidence, and that this mail has come."""
        note = mail.note(state, of_person=True)
        write = VaultWrite("", command.at, evidence=(piece,), suppress=suppress, inbound=note)
        result = self.stores.command_handler.execute_one(
            CommandRequest(command, stream=stream, vault_write=write)
        )
        end: End = "waiting" if state == "waiting" else "done"
        if isinstance(result.outcome, Done):
            return end
        if result.conflict:
            if self.stores.mails.state_of(mail.digest) is None:
                raise TryLater
            return "repeated"
        return self._noted(mail, state, end)

    def _for_a_person(self, mail: _Mail) -> End:
        return self._noted(mail, "waiting", "waiting") if self._hands_on else "left"

    def _kept(self, mail: _Mail, why: Unplaced) -> End:
        return self._noted(mail, "unknown", "kept", stored_unplaced(why))

    def _noted(self, mail: _Mail, state: InboundState, end: End, why: str = "") -> End:
        """Without a fact."""
        self.stores.mails.keep(mail.note(state, why), self.stores.clock.now())
        return end


@dataclass(frozen=True, slots=True)
class _Mail:
    octets: bytes
    recipients: tuple[str, ...]
    door: InboundDoor
    digest: bytes

    def note(self, state: InboundState, why: str = "", *, of_person: bool = False) -> InboundNote:
        octets: bytes | None = None
        if state != "handled":
            octets = self.octets[: MAX_KEPT_BYTES if why.startswith(TOO_LARGE) else None]
        return InboundNote(
            digest=self.digest,
            state=state,
            door=self.door,
            why=why,
            octets=octets,
            of_person=of_person and octets is not None,
        )


def receiver_of(config: Config, link_key: bytes) -> Receiver:
    """Who reads: this installation's key, the domain of its letters, its own mail servers."""
    own = frozenset(config.inbound.authserv_ids)
    return Receiver(return_key(link_key), letter_domains(config), own)


def letter_domains(config: Config) -> frozenset[str]:
    """The domain in the Message-IDs of this installation's letters, in lower case."""
    try:
        return frozenset({ascii_domain(config.site.sender.rpartition("@")[2]).lower()})
    except HeaderRefused:
        return frozenset()


def digest_of(octets: bytes, recipients: Sequence[str]) -> bytes:
    """By which a mail is known again: without what mail systems write above it on the way, and
    whatever its line ends.
    """
    unfolded = octets.replace(b"\r\n", b"\n")
    above = _COPIED_ON_THE_WAY.match(unfolded)
    rest = unfolded[above.end() :] if above else unfolded
    to = "\0".join(sorted({address.lower() for address in recipients}))
    return hashlib.sha256(b"inbound/v1\0" + to.encode() + b"\0" + rest.rstrip(b"\n")).digest()


def _keeping(letter: OwnLetter) -> Keep:
    def keep(particulars: Mapping[str, object], kind: str) -> tuple[Cause, tuple[Evidence, ...]]:
        piece = _evidence(particulars, kind)
        return _cause(letter, piece), (piece,)

    return keep


def _cause(letter: OwnLetter, piece: Evidence) -> Cause:
    return Cause("mail", letter.begun.message, evidence=piece.commitment.hex())


def _evidence(particulars: Mapping[str, object], kind: str) -> Evidence:
    return evidence(secrets.token_bytes(SALT_BYTES), particulars, kind)


def _words(octets: bytes) -> str:
    """What the mail says, as far as it is kept."""
    try:
        return " ".join(words_of(parse_mail(octets)).split())[:MAX_KEPT_WORDS]
    except InboundRefused:
        return ""


def _normalised(address: str) -> str:
    try:
        return normalise(address) if address else ""
    except AddressRefused:
        return ""
