"""The dossier in plain words, for the person it is about: what a page shows of it. What it leaves
out is in the download.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from engine.i18n.language import (
    N_,
    Language,
    amount_in_words,
    country_in_words,
    day_in_words,
    translator,
)
from engine.i18n.phrases import FormerOptions, preferences_in_words, titled_products
from engine.letter.field_words import in_words
from engine.privacy.export import SOURCES, Part
from engine.privacy.paper_markdown import speech_in
from engine.privacy.processing_register import retention
from engine.sequence.declared import Declared
from engine.sequence.delay import DAY
from engine.sequence.model import Plan
from engine.sequence.timing import to_local
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.person import NO_PREFERENCES, Preferences, frequency_of

RECENT = 183 * DAY
MAX_LINES = 40
BASES = {
    "consent": N_("you agreed, on {date}"),
    "soft-optin": N_("you are a customer of ours and have not objected, since {date}"),
    "b2b": N_("it concerns your profession, and you have not objected, since {date}"),
    "service": N_("it belongs to a service you asked for, on {date}"),
}
WITHDRAWN = N_("stopped on {date}: we write nothing more to you about it")
DOORS = {
    "form": N_("our form"),
    "import": N_("a file that we brought in"),
    "api": N_("another program of ours, such as our shop"),
    "operator": N_("written down by us"),
}
DETAILS = {
    "source": N_("source"),
    "file": N_("file"),
    "line": N_("line"),
    "page": N_("page"),
    "order": N_("order"),
    "proof": N_("proof"),
    "collected": N_("collected"),
    "collected_at": N_("collected"),
    "campaign": N_("campaign"),
    "referrer": N_("coming from"),
}
OUTCOMES = {
    "accepted": N_("taken by your mail provider"),
    "put off": N_("put off, and tried again"),
    "failed": N_("could not be delivered"),
    "withheld": N_("not sent"),
    "in doubt": N_("perhaps delivered"),
    "under way": N_("under way"),
}
RIGHTS = {
    "access": N_("to see what we hold about you"),
    "portability": N_("to take your data elsewhere"),
    "rectification": N_("to have something corrected"),
    "restriction": N_("to have your data frozen"),
    "objection": N_("to have no more letters"),
    "withdrawal": N_("to take back what you agreed to"),
    "erasure": N_("to have everything erased"),
}
LANGUAGES = {"fr": N_("French"), "en": N_("English")}
_MERGED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Section:
    """`none` is said where there is no line; `more` are left out."""

    heading: str
    lines: tuple[Line, ...]
    none: str
    more: int = 0


@dataclass(frozen=True, slots=True)
class DossierInWords:
    """A dossier in one language, with dates on the clock of `zone`; `now` is the engine's time in
    milliseconds.
    """

    plan: Plan
    language: Language
    zone: str
    now: int
    former: FormerOptions = field(default_factory=dict)

    def sections(self, dossier: Mapping[str, object]) -> tuple[Section, ...]:
        _ = translator(self.language)
        return (
            _section(_("What we know of you"), self._known(dossier), _("Nothing.")),
            _section(
                _("What we write to you about, and why we may"),
                self._purposes(dossier),
                _("Nothing."),
            ),
            _section(_("The letters you get"), self._lists(dossier), _("None.")),
            _section(
                _("Where your data come from"),
                self._sources(dossier),
                _("This is not known any more."),
            ),
            _section(_("The letters of the last six months"), self._letters(dossier), _("None.")),
            *self._measured_section(dossier),
            _section(_("What you bought"), self._orders(dossier), _("Nothing that we know of.")),
            _section(_("Who else gets to see it"), self._recipients(dossier), _("Nobody.")),
            _section(_("How long we keep it"), self._durations(), _("Nothing.")),
            _section(
                _("What you have asked of us, and we have still to answer"),
                self._requests(dossier),
                _("Nothing."),
            ),
            _section(_("Your rights"), self._rights(dossier), _("None.")),
        )

    def day(self, instant: int) -> str:
        return day_in_words(to_local(instant, self.zone).date(), self.language)

    def _known(self, dossier: Mapping[str, object]) -> Iterator[Line]:
        _, person = translator(self.language), cast("Mapping[str, object]", dossier["person"])
        yield Line(_("E-mail address"), str(person["email"] or ""))
        for name, value in cast("Mapping[str, object]", person["fields"]).items():
            declared = self.plan.fields.get(name)
            if value not in ("", None):
                shown = in_words(declared, str(value), self.language) if declared else str(value)
                yield Line(declared.label if declared else name, shown)
        if person["source"]:
            yield Line(_("Who gave us your address"), str(person["source"]))
        elif form := self.plan.forms.get(str(person["form"])):
            yield Line(_("The form you filled in"), form.title)
        if person["timezone"]:
            yield Line(_("Time zone"), str(person["timezone"]))
        if person["language"]:
            code = str(person["language"])
            yield Line(_("Language"), _(LANGUAGES[code[:2]]) if code[:2] in LANGUAGES else code)
        segments = cast("list[Mapping[str, object]]", dossier["segments"])
        if segments:
            names = ", ".join(str(segment["name"]) for segment in segments)
            yield Line(_("You are counted among"), names)
        if person["measured_since"]:
            yield Line(_("You agreed to be measured"), self._date(person["measured_since"]))
        if person["last_contact"]:
            yield Line(_("You were last heard of"), self._date(person["last_contact"]))
        if person["restricted"]:
            yield Line(_("Frozen"), _("nothing is sent to you, and nothing is deleted"))
        if person["suppressed"]:
            yield Line(_("Barred"), _("we do not write to this address any more"))

    def _purposes(self, dossier: Mapping[str, object]) -> Iterator[Line]:
        _ = translator(self.language)
        for purpose in _part(dossier, "purposes"):
            words = (
                WITHDRAWN
                if purpose["status"] == "withdrawn"
                else BASES.get(str(purpose["basis"]), BASES["service"])
            )
            yield Line(str(purpose["name"]), _(words).format(date=self._date(purpose["since"])))
        for request in _part(dossier, "asked"):
            if request["id"] == EVERYTHING:
                continue
            yield Line(
                str(request["name"]),
                _("asked for on {date}, and not confirmed yet").format(
                    date=self._date(request["asked_at"])
                ),
            )

    def _lists(self, dossier: Mapping[str, object]) -> Iterator[Line]:
        _ = translator(self.language)
        for membership in _part(dossier, "lists"):
            yield Line(
                str(membership["name"]) or _("letters that are no longer sent"),
                _("since {date}").format(date=self._date(membership["since"])),
            )
        for stopped in _part(dossier, "stopped"):
            yield Line(
                str(stopped["name"]),
                _("not written to since {date}, because you had been silent since {silent}").format(
                    date=self._date(stopped["since"]), silent=self._date(stopped["silent_since"])
                ),
            )
        if chosen := self._chosen(cast("Mapping[str, object]", dossier["preferences"])):
            yield Line(_("What you have chosen among them"), chosen)

    def _chosen(self, kept: Mapping[str, object]) -> str:
        """ "" where nothing was ever chosen."""
        preferences = Preferences(
            tuple(cast("list[str]", kept["themes"])),
            tuple(cast("list[str]", kept["contents"])),
            frequency_of(str(kept["frequency"])),
            _instant(kept["paused_until"]) if kept["paused_until"] else 0,
        )
        if preferences == NO_PREFERENCES:
            return ""
        _ = translator(self.language)
        words = preferences_in_words(preferences, self.plan, self.day, _, self.former)
        return "; ".join(words)

    def _sources(self, dossier: Mapping[str, object]) -> Iterator[Line]:
        _ = translator(self.language)
        for source in _part(dossier, "sources"):
            details = ", ".join(
                _("{name}: {value}").format(name=_(DETAILS[name]), value=source[name])
                for name in SOURCES
                if name in source
            )
            door = DOORS[str(source["door"])]
            yield Line(self._date(source["at"]), f"{_(door)} ({details})" if details else _(door))

    def _letters(self, dossier: Mapping[str, object]) -> Iterator[Line]:
        _ = translator(self.language)
        for letter in reversed(_part(dossier, "letters")):
            if self.now - _instant(letter["begun_at"]) <= RECENT:
                subject = _MERGED.sub("…", str(letter["subject"])).strip() or str(letter["letter"])
                outcome = OUTCOMES[str(letter["outcome"])]
                yield Line(self._date(letter["begun_at"]), f"{subject} ({_(outcome)})")

    def _measured_section(self, dossier: Mapping[str, object]) -> Iterator[Section]:
        """Only where somebody is asked to be measured, or was."""
        _ = translator(self.language)
        if self.plan.measured is not None or dossier["measured"]:
            heading = _("What was noted of what you read")
            yield _section(heading, self._measured(dossier), _("Nothing."))

    def _measured(self, dossier: Mapping[str, object]) -> Iterator[Line]:
        _ = translator(self.language)
        for act in reversed(_part(dossier, "measured")):
            subject = _MERGED.sub("…", str(act["subject"])).strip() or str(act["letter"])
            sentence = (
                _("in “{subject}”: {link} was clicked")
                if act["what"] == "clicked"
                else _("in “{subject}”: its picture was loaded by your mail provider")
                if act["what"] == "relayed"
                else _("in “{subject}”: its picture was loaded")
            )
            yield Line(self._date(act["at"]), sentence.format(subject=subject, link=act["link"]))

    def _orders(self, dossier: Mapping[str, object]) -> Iterator[Line]:
        _ = translator(self.language)
        for order in reversed(_part(dossier, "orders")):
            amount, refunded, currency = order["amount"], order["refunded"], str(order["currency"])
            assert isinstance(amount, int) and isinstance(refunded, int)
            products = titled_products(self.plan, cast("list[str]", order["products"]))
            parts = [amount_in_words(amount, currency, _)]
            parts += [products] if products else []
            parts += [_("order {order}").format(order=order["order"])] if order["order"] else []
            if refunded:
                paid_back = amount_in_words(refunded, currency, _)
                parts.append(_("paid back: {amount}").format(amount=paid_back))
            yield Line(self._date(order["at"]), " · ".join(parts))

    def _recipients(self, dossier: Mapping[str, object]) -> Iterator[Line]:
        _ = translator(self.language)
        for recipient in _part(dossier, "recipients"):
            who, what = str(recipient["who"]), str(recipient["what"])
            if "country" in recipient:
                country = country_in_words(str(recipient["country"]), self.language)
                seen = ", ".join(map(str, cast("list[object]", recipient["data"])))
                sentence = _("{task}. They see: {data}.")
                yield Line(f"{who} ({country})", sentence.format(task=what.rstrip("."), data=seen))
            elif "address" in recipient:
                yield Line(who, _("a partner, whose messages you agreed to"))
            else:
                words = _("carries our letters to you, and so sees your address and the letters")
                yield Line(_(who), words)

    def _durations(self) -> Iterator[Line]:
        declared = self.plan.declared or Declared()
        *rows, _how = retention(declared.retention, speech_in(self.language, self.zone))
        yield from (Line(what, time) for what, time in rows)

    def _rights(self, dossier: Mapping[str, object]) -> Iterator[Line]:
        _ = translator(self.language)
        yield Line(_("You may ask"), _("; ").join(map(_, RIGHTS.values())))
        controller = cast("Mapping[str, object]", dossier["controller"])
        how = _("with the buttons of this page, or by writing to {email}")
        yield Line(_("How"), how.format(email=controller["email"]))
        authority = cast("Mapping[str, object]", dossier["authority"])
        yield Line(_("Where to complain"), ", ".join(map(str, authority.values())))

    def _requests(self, dossier: Mapping[str, object]) -> Iterator[Line]:
        _ = translator(self.language)
        for request in _part(dossier, "requests"):
            sentence = _("asked on {date}; we answer by {due} at the latest")
            right = RIGHTS[str(request["right"])]
            yield Line(
                _(right),
                sentence.format(
                    date=self._date(request["asked_at"]), due=self._date(request["due_at"])
                ),
            )

    def _date(self, moment: object) -> str:
        return self.day(_instant(moment))


def _section(heading: str, lines: Iterator[Line], none: str) -> Section:
    every = tuple(lines)
    return Section(heading, every[:MAX_LINES], none, more=max(0, len(every) - MAX_LINES))


def _part(dossier: Mapping[str, object], name: str) -> Part:
    return cast(Part, dossier[name])


def _instant(moment: object) -> int:
    """Milliseconds, from a dossier's ISO 8601."""
    return round(datetime.fromisoformat(str(moment)).timestamp() * 1000)
