"""The answers on a dossier's first page, in sentences that somebody reads who never saw a ledger:
whether it was this person, what they were shown, when, how, and what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.audit.dossier_case import GroundCase, LetterTold, PersonCase
from engine.audit.event_sentences import proof_in_words
from engine.audit.evidence import held_evidence, sound_particulars
from engine.audit.fact_report import FactReport, large_gap
from engine.audit.identity import Identity
from engine.audit.report import Line, Mark, Note
from engine.audit.words_seen import words_seen
from engine.i18n.dates import moment_in_words
from engine.i18n.evidence_words import BOXES
from engine.i18n.language import Say, counting_translator, day_in_words
from engine.i18n.phrases import field_in_words, quoted, titled_purpose
from engine.i18n.stored_words import stored_in_words
from engine.intake.address import AddressRefused, normalise
from engine.intake.evidence_requirements import OF_COLLECTION
from engine.ledger.codec import Entry
from engine.sequence.timing import to_local
from engine.subscriber import events as e
from engine.subscriber.eligibility import EVERYTHING

_FOOT = re.compile(r"^-{10,}\s*$", re.MULTILINE)
MAX_EXCERPT = 300
"""Characters of words shown that stand on the first page; the annex has them whole."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is asked, "" for what needs no label, and the answer."""

    label: str
    line: Line


@dataclass(frozen=True, slots=True)
class Answers:
    """Of one person. `facts` words what their entries say."""

    person: Identity
    case: PersonCase
    facts: FactReport

    @property
    def say(self) -> Say:
        return self.facts.say

    @property
    def address(self) -> str:
        """Theirs today, "" where the vault no longer holds one."""
        return self.person.known.address if self.person.known else ""

    @property
    def who(self) -> str:
        _ = self.say
        return self.address or self.person.former or _("an address no longer held")

    def purpose(self, ground: GroundCase) -> str:
        _ = self.say
        if ground.purpose == EVERYTHING:
            return _("everything")
        plan = self.facts.published.plan_at(ground.first.position)
        return titled_purpose(plan, ground.purpose)

    def moment(self, instant: int) -> str:
        return moment_in_words(instant, self.facts.zone, self.facts.language)

    def claimed(self, instant: int) -> str:
        """A declared date; midnight is no hour that anybody declared."""
        local = to_local(instant, self.facts.zone)
        whole_day = not (local.hour or local.minute)
        return (
            day_in_words(local.date(), self.facts.language) if whole_day else self.moment(instant)
        )

    # What it comes to.

    def conclusion(self, ground: GroundCase) -> Iterator[Line]:
        yield Line(" ".join((*self._given(ground), *self._letters(ground), *self._ended(ground))))

    def _given(self, ground: GroundCase) -> Iterator[str]:
        _, given, asked = self.say, ground.given, ground.asked
        values = {"address": self.who, "purpose": self.purpose(ground)}
        if given is None:
            assert asked is not None
            when = {"asked": self.moment(asked.event.at), "door": self._door(asked)}
            sentence = (
                _(
                    "On {asked}, it was declared by {door}, without a proof, that {address} agreed"
                    " to receive “{purpose}”. They were asked once."
                )
                if ground.declared
                else _("On {asked}, somebody asked by {door} that {address} receive “{purpose}”.")
            )
            yield sentence.format(**values, **when)
            yield _("This was never confirmed, so no consent came of it.")
            return
        when = {"given": self.moment(given.event.at), "door": self._door(given)}
        if ground.confirmed:
            act = self._kept(given)
            button = quoted(str(act["button"]), _) if act.get("button") else _("of the page")
            yield _(
                "On {given}, whoever reads the mailbox {address} pressed the button {button} and so"
                " confirmed that they want to receive “{purpose}”."
            ).format(**values, **when, button=button)
            if asked is not None:
                sentence = (
                    _(
                        "Their consent had been declared on {asked} by {door}, without a proof:"
                        " they were asked by mail before anything else."
                    )
                    if ground.declared
                    else _("It had been asked for on {asked} by {door}.")
                )
                yield sentence.format(asked=self.moment(asked.event.at), door=self._door(asked))
        elif isinstance(given.event, e.ConsentGiven) and given.event.act:
            yield _(
                "On {given}, consent to receive “{purpose}” at {address} was given by {door}, by an"
                " act of the person themself."
            ).format(**values, **when)
        elif isinstance(given.event, e.ConsentGiven) and given.event.proof in ("single", "page"):
            yield _(
                "On {given}, consent to receive “{purpose}” at {address} was given by {door}. No"
                " mail asked to confirm it."
            ).format(**values, **when)
        else:
            yield self._declared(given, values)

    def _declared(self, given: Entry, values: Mapping[str, str]) -> str:
        _ = self.say
        basis = given.event.basis if isinstance(given.event, e.GroundDeclared) else "consent"
        proof = getattr(given.event, "proof", "")
        sentence = (
            _(
                "On {given}, {address} was entered for “{purpose}” by {door}. What allows to write"
                " to it is no consent, but: {basis}."
            )
            if given.cause.door == "form"
            else _(
                "On {recorded}, it was declared by {door} that {address} may be written to about"
                " “{purpose}” since {given} ({basis}; {proof}). Relance saw no act of the person."
            )
        )
        return sentence.format(
            **values,
            recorded=self.moment(given.recorded_at),
            door=self._door(given),
            given=self.claimed(given.event.at),
            basis=stored_in_words(basis, _),
            proof=proof_in_words(proof, _),
        )

    def _letters(self, ground: GroundCase) -> Iterator[str]:
        _, ngettext = self.say, counting_translator(self.facts.language)
        sent = ground.sent
        if ground.given is None:
            mails = len([mail for mail in ground.mails if mail.outcome is not None])
            yield ngettext(
                "Nothing was sent for it but {n} mail that asked to confirm.",
                "Nothing was sent for it but {n} mails that asked to confirm.",
                mails,
            ).format(n=mails)
        elif not sent:
            yield _("No letter has been sent since.")
        elif len(sent) == 1:
            sentence = _("After that, one letter was sent, on {first}.")
            yield sentence.format(first=self.moment(sent[0].begun.event.at))
        else:
            yield _(
                "After that, {n} letters were sent: the first on {first}, the last on {last}."
            ).format(
                n=len(sent),
                first=self.moment(sent[0].begun.event.at),
                last=self.moment(sent[-1].begun.event.at),
            )

    def _ended(self, ground: GroundCase) -> Iterator[str]:
        _ = self.say
        if ground.withdrawn is not None:
            values = {
                "when": self.moment(ground.withdrawn.event.at),
                "door": self._door(ground.withdrawn),
            }
            sentence = (
                _("It was withdrawn on {when} by {door}.")
                if self.groundless_of(ground)
                else _("It was withdrawn on {when} by {door}; no letter was begun after that.")
            )
            yield sentence.format(**values)

    def groundless_of(self, ground: GroundCase) -> list[LetterTold]:
        return [letter for letter in self.case.groundless if letter.event.purpose == ground.purpose]

    # Is it this person?

    def identity(self, ground: GroundCase) -> Iterator[Row]:
        _ = self.say
        asked = self._kept(ground.asked or ground.given)
        typed = _address_in(asked)
        if typed:
            yield Row(_("address given"), self._compared(typed))
        mail = self._mail(ground)
        if mail.get("to"):
            yield Row(_("confirmation mail"), self._compared(str(mail["to"])))
        yield from self._committed()
        if ground.confirmed:
            sentence = _(
                "stands in that mail alone and cannot be guessed: whoever pressed had that mailbox"
                " open, or was sent the mail on"
            )
            yield Row(_("link to the button"), Line(sentence))
        yield from self._named(asked)
        yield from self._brought(asked)
        visits = [
            (label, self._kept(entry))
            for label, entry in ((_("request"), ground.asked), (_("consent"), ground.given))
            if entry is not None and entry.cause.door != "api"
        ]
        places = [
            _("{name}: {value}").format(name=label, value=kept["ip"])
            for label, kept in visits
            if kept.get("ip")
        ]
        if places:
            text = " · ".join((*places, _("browsers: see the annex")))
            yield Row(_("IP address"), Line(text))
        elif any("visitor" in kept for _label, kept in visits):
            yield Row(
                _("IP address"),
                Line(_("no longer held: they are deleted before the rest")),
            )

    def _committed(self) -> Iterator[Row]:
        """Whether the address of this file is the one that the registration committed to."""
        _, check = self.say, self.person.committed
        since = next((e for e in self.person.entries if e.position == check.since), None)
        label = _("address on the record")
        if since is not None and check.known == check.committed != "":
            sentence = _("fixed on {when}: another could not be put in its place unseen")
            yield Row(label, Line(sentence.format(when=self.moment(since.recorded_at))))
        elif check.known and not check.committed:
            yield Row(label, Line(_("not fixed by any fact: the installation says it alone")))
        for other in check.others:
            sentence = _("{address}, where the record has {committed}: one is somebody else’s")
            text = sentence.format(address=other.address, committed=check.committed)
            yield Row(label, Line(text, mark="fault"))

    def _compared(self, address: str) -> Line:
        _ = self.say
        try:
            same = normalise(address) == self.address
        except AddressRefused:
            same = False
        if not self.address:
            return Line(
                _("{address} (the vault holds no address to compare)").format(address=address)
            )
        if same:
            return Line(_("{address}, the address of this file").format(address=address))
        sentence = _("{address}: another than the address of this file")
        return Line(sentence.format(address=address), mark="pointer")

    def _named(self, asked: Mapping[str, object]) -> Iterator[Row]:
        _, answers = self.say, asked.get("answers")
        fields = self.person.known.fields if self.person.known else {}
        typed = answers if isinstance(answers, Mapping) else fields
        plan = self.facts.published.state.plan()
        told = [
            _("{name}: {value}").format(
                name=plan.fields[name].label if name in plan.fields else name,
                value=field_in_words(plan, name, str(value)),
            )
            for name, value in typed.items()
            if name != "email" and value
        ]
        if told:
            yield Row(_("also given"), Line(" · ".join(told)))

    def _brought(self, kept: Mapping[str, object]) -> Iterator[Row]:
        """By whom, and from where, somebody else brought the address."""
        if not kept.get("declared") and not kept.get("source"):
            return
        _, words = self.say, self.facts.evidence_words(self.person.entries[0].position)
        names = ("by", "source", "collected", "file", "line", "proof", "order", "note")
        told = words.particulars({name: kept[name] for name in names if kept.get(name)})
        text = _("; ").join(_("{name}: {value}").format(name=n, value=value) for n, value in told)
        yield Row(_("brought in"), Line(text))

    # What were they shown?

    def shown(self, ground: GroundCase) -> Iterator[Row]:
        _ = self.say
        places = {
            "form": _("form"),
            "mail": _("confirmation mail"),
            "page": _("page of the button"),
        }
        entries = (ground.asked, ground.mail_sent, ground.given)
        for entry in filter(None, entries):
            seen = words_seen(self.facts.published, entry, self.person.pieces)
            if seen is None:
                continue
            label, words = places[seen.place], seen.notice.words
            if not words:
                why = (
                    _("these words were never published here")
                    if seen.notice.digest
                    else _("not known any more: the evidence that names it was erased")
                )
                mark: Mark = "fault" if seen.notice.digest else "pointer"
                yield Row(label, Line(why, mark=mark))
                continue
            yield Row(label, Line("", (Note("", verbatim=_excerpt(words)),)))
        if (
            not ground.asked
            and ground.given is not None
            and not getattr(ground.given.event, "notice", "")
        ):
            yield Row("", Line(_("nothing of what they were shown is known"), mark="pointer"))

    # When?

    def dates(self, ground: GroundCase) -> Iterator[Row]:
        _ = self.say
        asked = self._kept(ground.asked)
        if isinstance(shown_at := asked.get("shown_at"), int):
            yield Row(_("form shown"), Line(self.moment(shown_at)))
        mail, sent = ground.mail_sent, ground.sent
        given = _("confirmed") if ground.confirmed else _("given")
        for label, entry in (
            (_("declared") if ground.declared else _("asked for"), ground.asked),
            (_("mail handed over"), mail),
            (given, ground.given),
            (_("first letter"), sent[0].begun if sent else None),
            (_("last letter"), sent[-1].begun if len(sent) > 1 else None),
            (_("request ended without an answer"), ground.expired),
            (_("withdrawn"), ground.withdrawn),
        ):
            if entry is not None:
                yield Row(label, self._dated(entry))
        if ground.given is not None:
            yield Row(_("on the record since"), self._covered(ground.given))

    def _dated(self, entry: Entry) -> Line:
        _ = self.say
        if not large_gap(entry):
            return Line(self.moment(entry.event.at))
        sentence = _("{at}, as was declared; written down on {recorded}")
        text = sentence.format(
            at=self.claimed(entry.event.at), recorded=self.moment(entry.recorded_at)
        )
        return Line(text, mark="pointer")

    def _covered(self, entry: Entry) -> Line:
        _, dates = self.say, self.facts.dates
        for fault in dates.faults_of(entry, self.moment):
            return Line(fault.said(_), mark="fault")
        signed = dates.checkpoints.first_over(entry.position)
        if signed is None:
            return Line(_("no signed checkpoint covers it yet"), mark="pointer")
        sentence = _("before {when}, when a checkpoint over it was signed")
        return Line(sentence.format(when=self.moment(signed.signed_at)))

    # How?

    def acts(self, ground: GroundCase) -> Iterator[Row]:
        _ = self.say
        for label, entry in (
            (_("declared") if ground.declared else _("asked for"), ground.asked),
            (_("confirmed") if ground.confirmed else _("given"), ground.given),
            (_("withdrawn"), ground.withdrawn),
        ):
            if entry is not None:
                yield Row(label, Line(self._act(entry)))

    def _act(self, entry: Entry) -> str:
        """Door, act, boxes and button, as one sentence's pieces."""
        _, kept = self.say, self._kept(entry)
        words = self.facts.evidence_words(entry.position)
        act = kept.get("act") or getattr(entry.event, "act", "")
        told = [self._door(entry)]
        if entry.cause.door not in ("one-click", "mailto"):
            told += [value for _name, value in words.particulars({"act": act})]
        for name in (*sorted(BOXES), "choice", "button", "link"):
            for label, value in words.particulars({name: kept[name]} if kept.get(name) else {}):
                shown = quoted(value, _) if name == "button" else value
                told.append(_("{name}: {value}").format(name=label, value=shown))
        return _("; ").join(told)

    def _door(self, entry: Entry) -> str:
        _, kept = self.say, self._kept(entry)
        if entry.cause.door == "form":
            form = self.facts.published.plan_at(entry.position).forms.get(str(kept.get("form", "")))
            return _("the form “{form}”").format(form=form.title) if form else _("a form")
        doors = {
            "import": _("a file that was brought in"),
            "api": _("another program (API call)"),
            "click": _("a link in a mail sent to this address"),
            "one-click": _("the unsubscribe button of the mail program"),
            "mailto": _("a mail to the unsubscribe address"),
            "operator": _("the operator"),
            "rule": _("a rule"),
            "engine": _("the program itself"),
            "relay": _("the mail server’s answer"),
            "mail": _("a mail that came back"),
            "webhook": _("a shop or mail service (webhook)"),
            "journal": _("the stop journal, after a restore"),
        }
        return doors.get(entry.cause.door, entry.cause.door)

    # What is missing?

    def groundless(self) -> Iterator[Line]:
        """Each letter that nothing allowed, whatever its purpose."""
        _ = self.say
        for letter in self.case.groundless:
            sentence = _("the letter {letter} of {when} was begun without a live ground: {why}")
            yield Line(
                sentence.format(
                    letter=self.facts.letters.get(letter.event.message, letter.event.letter),
                    when=self.moment(letter.begun.event.at),
                    why=stored_in_words(letter.ground.why_not, _),
                ),
                mark="fault",
            )

    def wanting(self, ground: GroundCase) -> Iterator[Line]:
        _ = self.say
        acts = [entry for entry in (ground.asked, ground.given) if entry is not None]
        for entry in acts:
            state = held_evidence(entry, self.person.pieces).state
            when = self.moment(entry.event.at)
            if state == "altered":
                sentence = _("the evidence of the act of {when} was altered after it was written")
                yield Line(sentence.format(when=when), mark="fault")
            elif state == "gone":
                yield Line(
                    _("the evidence of the act of {when} is no longer held").format(when=when)
                )
        unknown = {str(name) for entry in acts for name in self._unknown(entry)} - {"age"}
        if {"button", "form_digest"} <= unknown:
            unknown -= OF_COLLECTION
            yield Line(_("what the person was shown, ticked and pressed, and from where"))
        if unknown:
            label = self.facts.evidence_words(ground.first.position).label
            names = ", ".join(map(label, sorted(unknown)))
            yield Line(_("not known: {names}").format(names=names))
        if ground.confirmed:
            yield Line(
                _(
                    "who sat at the keyboard: the confirmation proves access to the mailbox, not"
                    " the person’s identity"
                )
            )
        elif ground.given is not None and ground.given.cause.door == "form":
            yield Line(_("that the address is theirs: anybody can type one, and no mail asked"))
        elif ground.given is not None and ground.given.cause.door in ("import", "api", "operator"):
            yield Line(_("that the person agreed: this rests on the word of whoever declared it"))

    def _unknown(self, entry: Entry) -> Sequence[object]:
        names = self._kept(entry).get("unknown")
        return names if isinstance(names, list) else ()

    # What lies behind.

    def _kept(self, entry: Entry | None) -> Mapping[str, object]:
        return held_evidence(entry, self.person.pieces).particulars if entry is not None else {}

    def _mail(self, ground: GroundCase) -> Mapping[str, object]:
        sent = ground.mail_sent.event if ground.mail_sent is not None else None
        return sound_particulars(self.person.pieces, getattr(sent, "mail", ""))


def _address_in(kept: Mapping[str, object]) -> str:
    answers = kept.get("answers")
    typed = answers.get("email", "") if isinstance(answers, Mapping) else kept.get("email", "")
    return str(typed or "")


def _excerpt(words: str) -> str:
    """The words up to the foot of a mail; of long ones the beginning, boxes and buttons."""
    body = _FOOT.split(words)[0]
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    whole = "\n".join(lines)
    if len(whole) <= MAX_EXCERPT:
        return whole
    beginning = whole[:MAX_EXCERPT].rpartition(" ")[0].rstrip()
    marked = [line for line in lines if line.startswith("[") and line not in beginning]
    return "\n".join((f"{beginning} …", *marked))
