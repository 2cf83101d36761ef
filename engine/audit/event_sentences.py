"""A fact in plain words: what happened, through which door, with what evidence; and the same as
JSON. `show` and the auditor's verbs say it alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from engine.audit.installation_sentences import installation_sentence
from engine.i18n.dates import Moment, on_clock, shown
from engine.i18n.evidence_words import EvidenceWords
from engine.i18n.language import Say, amount_in_words
from engine.i18n.phrases import (
    NO_FORMER_OPTIONS,
    FormerOptions,
    cap_in_words,
    in_favour_of,
    preferences_in_words,
    quoted,
    titled_fields,
    titled_list,
    titled_products,
    titled_purpose,
)
from engine.i18n.printable import printable
from engine.i18n.stored_words import stored_in_words, why_withheld
from engine.installation import events as i
from engine.ledger.codec import Entry, EvidenceByCommitment
from engine.sequence.model import Plan
from engine.subscriber import events as e

OF_THE_INSTALLATION = get_args(i.InstallationEvent)
BY_ID: Mapping[str, str] = MappingProxyType({})


def line(
    entry: Entry,
    plan: Plan,
    words: EvidenceWords,
    evidence: EvidenceByCommitment,
    letters: Mapping[str, str] = BY_ID,
    former: FormerOptions = NO_FORMER_OPTIONS,
) -> str:
    """Both dates on the installation's clock, what happened, through which door, and the stored
    name.
    """
    happened = sentence(entry.event, plan, on_clock(words.zone), words.say, letters, former)
    dates = f"{shown(entry.event.at, words.zone)}  {shown(entry.recorded_at, words.zone)}"
    return f"{dates}  {happened}  — {cause_in_words(entry, words, evidence)}  [{entry.name}]"


def cause_in_words(entry: Entry, words: EvidenceWords, evidence: EvidenceByCommitment) -> str:
    _ = words.say
    door = door_in_words(entry, _)
    kept = evidence.get(entry.cause.evidence)
    if not kept:
        return door
    known = ("source", "file", "line", "order", "operator", "words", "act")
    told = words.particulars({name: kept[name] for name in known if kept.get(name)})
    details = _("; ").join(_("{name}: {value}").format(name=n, value=value) for n, value in told)
    return f"{door} ({printable(details)})" if details else door


def door_in_words(entry: Entry, _: Say) -> str:
    doors = {
        "form": _("form"),
        "import": _("import"),
        "api": _("API call"),
        "click": _("click in a letter"),
        "one-click": _("one-click unsubscribe"),
        "mailto": _("mail to the unsubscribe address"),
        "operator": _("operator"),
        "rule": _("rule"),
        "engine": _("engine"),
        "relay": _("mail server's answer"),
        "mail": _("mail that came back"),
        "webhook": _("call of a shop or mail service"),
        "journal": _("stop journal, after a restore"),
    }
    return doors.get(entry.cause.door, entry.cause.door)


def sentence(
    event: object,
    plan: Plan,
    moment: Moment,
    _: Say,
    letters: Mapping[str, str] = BY_ID,
    former: FormerOptions = NO_FORMER_OPTIONS,
) -> str:
    """What happened, in words. `letters` names a letter by its message; one that is not in it is
    named by its id, where the fact has it. `former` names options that `plan` has no longer.
    """

    def named(number: int) -> str:
        return titled_list(plan, number)

    def about(purpose: str) -> str:
        return titled_purpose(plan, purpose)

    def versioned(begun: e.LetterBegun) -> str:
        name = letter(begun.message, begun.letter)
        if not begun.version:
            return name
        return _("{letter} in version {version}").format(letter=name, version=begun.version)

    def segment_name(segment: str) -> str:
        return plan.segments[segment].name if segment in plan.segments else segment

    def letter(message: str, identity: str) -> str:
        return letters.get(message) or quoted(identity, _)

    def which(message: str) -> str:
        return f" {letters[message]}" if message in letters else ""

    match event:
        case e.SubscriberRegistered():
            return _("Registered")
        case e.ProfileChanged(_, fields):
            return _("Profile changed: {fields}").format(
                fields=titled_fields(plan, fields, _) or "-"
            )
        case e.ConsentRequested(_, purpose, _, lists, declared=True):
            return _(
                "Said to have agreed to “{purpose}”, without a proof: to be asked once (lists"
                " {lists})"
            ).format(purpose=about(purpose), lists=", ".join(map(named, lists)))
        case e.ConsentRequested(_, purpose, _, lists):
            return _("Asked to confirm for “{purpose}” (lists {lists})").format(
                purpose=about(purpose), lists=", ".join(map(named, lists))
            )
        case e.ConsentGiven(_, purpose, proof):
            return _("Consent for “{purpose}”: {proof}").format(
                purpose=about(purpose), proof=proof_in_words(proof, _)
            )
        case e.GroundDeclared(_, purpose, basis, proof):
            return _("Ground for “{purpose}”: {basis}, {proof}").format(
                purpose=about(purpose),
                basis=stored_in_words(basis, _),
                proof=proof_in_words(proof, _),
            )
        case e.ConsentConfirmed(_, purpose):
            return _("Confirmed for “{purpose}”").format(purpose=about(purpose))
        case e.ConsentExpired(_, purpose):
            return _("The request for “{purpose}” expired unconfirmed").format(
                purpose=about(purpose)
            )
        case e.PermissionAsked(_, _, expires_at):
            return _(
                "Long silent: asked whether to go on, to be erased without an answer by {when}"
            ).format(when=moment(expires_at))
        case e.PermissionRenewed():
            return _("Wants to go on receiving letters")
        case e.ConsentWithdrawn(_, purpose):
            return (
                _("Withdrew from everything")
                if purpose == "*"
                else _("Withdrew from “{purpose}”").format(purpose=about(purpose))
            )
        case e.PurposeStopped(_, purpose, _, silent_since):
            return _(
                "Asked and not heard since {when}: nothing more is written for “{purpose}” until"
                " they do something themselves"
            ).format(when=moment(silent_since), purpose=about(purpose))
        case e.PreferencesSet():
            chosen = _("; ").join(preferences_in_words(event, plan, moment, _, former))
            return _("Chose what to receive: {chosen}").format(chosen=chosen)
        case e.ListJoined(_, number, run, start):
            how = {
                "none": _(", without its letters"),
                "by-date": _(", counted from the date of collection"),
            }.get(start, "")
            return _("Joined list {list} (run {run})").format(list=named(number), run=run) + how
        case e.ListLeft(_, number, run, why):
            return _("Left list {list} (run {run}): {why}").format(
                list=named(number), run=run, why=stored_in_words(why, _)
            )
        case e.ListMoved():
            moved = (
                _("Answered: moved from {source} to {target}")
                if event.source
                else _("Answered: joined {target}")
            )
            words = moved.format(source=named(event.source), target=named(event.target))
            return words + (_(" (automatic)") if event.act == "auto_submit" else "")
        case e.ListCopied():
            words = _("Answered: also on {target}").format(target=named(event.target))
            return words + (_(" (automatic)") if event.act == "auto_submit" else "")
        case e.ListTransferred():
            source, target = named(event.source), named(event.target)
            moved = (
                _("Moved from {source} to {target}: {why}")
                if event.source
                else _("Moved to {target}: {why}")
            )
            return moved.format(source=source, target=target, why=stored_in_words(event.why, _))
        case e.LetterAnswered():
            return _("Answered a letter")
        case e.MoveUndone():
            why = _("as they asked") if event.why == "asked" else stored_in_words(event.why, _)
            return _("Took the last move back ({why})").format(why=why)
        case e.LetterBegun(kind="permission"):
            return _("Letter that asks whether to go on begun (attempt {attempt})").format(
                attempt=event.attempt
            )
        case e.LetterBegun(kind="confirmation"):
            return _("Letter that asks to confirm begun (attempt {attempt})").format(
                attempt=event.attempt
            )
        case e.LetterBegun(segment=segment) if segment:
            return _("Letter {letter} begun, for the segment “{segment}” (attempt {n})").format(
                letter=versioned(event),
                segment=segment_name(segment),
                n=event.attempt,
            )
        case e.LetterBegun():
            return _("Letter {letter} begun (attempt {attempt})").format(
                letter=versioned(event), attempt=event.attempt
            )
        case e.LetterSent():
            code = f"{event.code} {event.enhanced}".strip()
            return _("Letter{letter} accepted by the mail server ({code})").format(
                letter=which(event.message), code=code + _whose(event.provider)
            )
        case e.LetterDeferred():
            why, when = _answer(event) or stored_in_words(event.why, _), moment(event.retry_at)
            return _("Letter{letter} put off until {when} ({why})").format(
                letter=which(event.message), when=when, why=why + _whose(event.provider)
            )
        case e.LetterFailed():
            why = _answer(event) or stored_in_words(event.why, _)
            return _("Letter{letter} failed ({why})").format(
                letter=which(event.message), why=why + _whose(event.provider)
            )
        case e.LetterWithheld(cap=cap) if cap:
            sentence = (
                _("Letter {letter} held back until {until}: at most {cap}")
                if event.until
                else _("Letter {letter} left out: at most {cap}")
            )
            return sentence.format(
                letter=letter(event.message, event.letter),
                until=moment(event.until),
                cap=quoted(cap_in_words(cap, _), _),
            ) + in_favour_of(event.favoured, plan, _)
        case e.LetterWithheld():
            why = why_withheld(event.why, event.what, _)
            return _("Letter {letter} withheld: {why}").format(
                letter=letter(event.message, event.letter), why=why
            )
        case e.LetterRetried():
            late = _(", however late it is") if event.late else ""
            return (
                _("Letter {letter}, withheld before, is tried again").format(
                    letter=letter(event.message, event.letter)
                )
                + late
            )
        case e.LetterDirected():
            return _("Letter {letter} is to leave to this person now").format(
                letter=letter("", event.letter)
            )
        case e.LetterInDoubt(_, message, settled):
            how = stored_in_words(settled, _) if settled else _("no answer after the final dot")
            return _("Letter{letter} in doubt: {settled}").format(
                letter=which(message), settled=how
            )
        case e.MailBounced(_, kind):
            words = stored_in_words(kind, _) + _whose(event.provider)
            return _("Bounced ({kind})").format(kind=words)
        case e.MailComplained(provider=provider):
            whose = _whose(provider).removeprefix(", ")
            if not whose:
                return _("Complained")
            return _("Complained ({provider})").format(provider=whose)
        case e.SubscriberSuppressed(_, why):
            return _("Suppressed: never to be written to ({why})").format(
                why=stored_in_words(why, _)
            )
        case e.SubscriberReachable(_, why):
            return _("Reachable again ({why})").format(why=stored_in_words(why, _))
        case e.ContactNoted(act="reply"):
            return _("Answered by a mail of their own")
        case e.ContactNoted(_, contacted_at):
            return _("Last contact noted: {when}").format(when=moment(contacted_at))
        case e.AnchorReached(_, field, occurrence, before):
            if before:
                return _("{before} before the date in “{field}”, occurrence {occurrence}").format(
                    before=before, field=field, occurrence=occurrence
                )
            return _("The date in “{field}” has come round, occurrence {occurrence}").format(
                field=field, occurrence=occurrence
            )
        case e.CallHonoured():
            return _("The call is carried out")
        case e.RulesApplied():
            followed = (
                _("In the segment “{segment}” from here on: its rules are applied")
                if event.entered
                else _("In the segment “{segment}” no longer: its rules are applied")
            ).format(segment=segment_name(event.segment))
            refusing = ", ".join(named(number) for number in event.refused)
            return followed + (
                _(" (not taken in: {lists})").format(lists=refusing) if refusing else ""
            )
        case e.SegmentEntered(_, segment):
            return _("Put into the segment “{segment}”").format(segment=segment_name(segment))
        case e.SegmentLeft(_, segment):
            return _("Taken out of the segment “{segment}”").format(segment=segment_name(segment))
        case e.OrderRecorded(_, _, amount, currency, products):
            ordered = _("Ordered for {amount}").format(amount=amount_in_words(amount, currency, _))
            return (
                _("{name}: {value}").format(name=ordered, value=titled_products(plan, products))
                if products
                else ordered
            )
        case e.OrderRefunded(_, _, amount, currency):
            return _("Order refunded: {amount}").format(amount=amount_in_words(amount, currency, _))
        case e.ProcessingRestricted(_, lifted):
            return _("Restriction lifted") if lifted else _("Processing restricted")
        case e.RightExercised(_, right, _, due_at):
            return _("Asked for {right}; to be answered by {when}").format(
                right=stored_in_words(right, _), when=moment(due_at)
            )
        case e.RightExtended(_, _, due_at):
            return _("Told that the answer takes until {when}").format(when=moment(due_at))
        case e.RightAnswered(_, _, how):
            return _("Request answered ({how})").format(how=stored_in_words(how, _))
        case e.ProofArchived(_, ends_at):
            return _("Proof sealed and kept until {when}").format(when=moment(ends_at))
        case e.ProofOpened():
            return _("Sealed proof handed out")
        case e.ProfileRead():
            return _("Profile read")
        case e.SubscriberErased():
            return _("Erased")
        case _ if isinstance(event, OF_THE_INSTALLATION):
            return installation_sentence(event, plan, moment, _)
        case _:
            return type(event).__name__


def proof_in_words(proof: str, _: Say) -> str:
    words = {
        "declared": _("declared, without proof"),
        "declared-with-proof": _("declared, with a proof"),
        "single": _("the person's own act"),
        "page": _("the person's own act on a page"),
        "confirmed": _("confirmed by mail"),
    }
    return words.get(proof, proof)


def _answer(event: e.LetterDeferred | e.LetterFailed) -> str:
    return f"{event.code} {event.enhanced}".strip() if event.code else ""


def _whose(provider: str) -> str:
    """The provider whose server it was, by its name; nothing of one that has none."""
    return f", {provider}" if provider not in ("", "other") else ""
