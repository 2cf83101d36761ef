"""The page on which a person chooses what to receive, and what it says after a press: what is
different from now on, told from what is so now.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi.responses import RedirectResponse, Response

from engine.i18n.language import N_, Say, day_in_words, translator
from engine.installation.publishing import digest_of
from engine.intake.preferences import (
    CONTENT,
    FREQUENCY,
    PAUSE,
    PURPOSE,
    THEME,
    WAS,
    WRONG_PAUSE,
    PauseFault,
)
from engine.letter import link_token
from engine.sequence.model import MEASURE
from engine.sequence.timing import to_local
from engine.subscriber.eligibility import live_ground
from engine.subscriber.outcome import Refused
from engine.subscriber.person import Person, Preferences
from engine.web.link_pages import LinkPages, Press
from engine.web.own_requests import OwnLetter
from engine.web.page_signatures import make_nonce
from engine.web.pages import FOR_READERS
from engine.web.preference_offer import (
    FREQUENCY_WORDS,
    Offer,
    OfferedPurpose,
    offer,
)
from engine.web.stores import LinkStores

LATE = N_("That page had been open for a long time, and nothing was done. Please go on from here.")
CHANGED = N_(
    "What we offer has changed since this page was shown to you, and nothing was done. Please look"
    " at it again, then save."
)
SAVED, SAME = "saved", "same"


@dataclass(frozen=True, slots=True)
class Switch:
    """A purpose as the page shows it to one person. `state`: "on", "asked" (a message to confirm
    is on its way) or "off". `fixed`: there is no switch, and `why` says what else there is.
    `stopped`: nothing is sent because they were silent, until they do something.
    """

    offered: OfferedPurpose
    state: str
    ticked: bool
    fixed: bool
    why: str = ""
    stopped: bool = False


def changed_parts(before: Person, after: Person, letter: OwnLetter) -> str:
    """What a press has changed, as the address of the page shown afterwards says it: "p0" is the
    first purpose; "t" themes, "c" types of content, "f" frequency, "w" a pause, "m" measuring.
    """
    parts = [
        f"p{place}"
        for place, purpose in enumerate(letter.plan.purposes)
        if _state(before, purpose) != _state(after, purpose)
    ]
    was, now = before.preferences, after.preferences
    parts += ["t"] if was.themes != now.themes else []
    parts += ["c"] if was.contents != now.contents else []
    parts += ["f"] if was.frequency != now.frequency else []
    parts += ["w"] if was.paused_until != now.paused_until else []
    parts += ["m"] if _state(before, MEASURE) != _state(after, MEASURE) else []
    return ".".join(parts)


def _state(person: Person, purpose: str) -> str:
    if live_ground(person, purpose) is not None or (purpose == MEASURE and person.measured_since):
        return "on"
    return "asked" if purpose in person.requests else "off"


class PreferencePages:
    def __init__(self, stores: LinkStores, link_pages: LinkPages) -> None:
        self.stores, self.link_pages = stores, link_pages

    def unknown(self) -> Response:
        return self.link_pages.unknown()

    def shown_at(self, letter: OwnLetter, parts: str | None = None) -> Response:
        """A page of its own for what a press has come to: going back and reloading do nothing
        more. `parts` as `changed_parts`; "" where nothing was changed.
        """
        query = "" if parts is None else f"?{SAVED}={parts}" if parts else f"?{SAME}"
        return RedirectResponse(f"/l/{letter.token}{query}", 303)

    def plain(self, letter: OwnLetter, heading: str, text: str, status: int = 200) -> Response:
        """`heading` and `text` are messages."""
        _ = translator(letter.language)
        return self.link_pages.pages.page(
            "plain.html",
            letter.language,
            status=status,
            headers={"Retry-After": "60"} if status in (429, 503) else None,
            heading=_(heading),
            paragraphs=(_(text),),
        )

    def nothing_held(self, letter: OwnLetter) -> Response:
        return self.plain(
            letter,
            N_("We hold nothing about you"),
            N_("We no longer hold anything about you, so there is nothing left to change."),
        )

    def busy(self, letter: OwnLetter) -> Response:
        return self.plain(
            letter,
            N_("Please try again"),
            N_("We are very busy at this moment. Please try again."),
            503,
        )

    def too_often(self, letter: OwnLetter) -> Response:
        return self.plain(
            letter,
            N_("Please try again"),
            N_("This has been pressed very often. Nothing was done; please try again later."),
            429,
        )

    def refused(self, letter: OwnLetter, refused: Refused) -> Response:
        return self.plain(letter, N_("Nothing has changed"), FOR_READERS[refused.code])

    def page(
        self,
        letter: OwnLetter,
        *,
        query: Mapping[str, str] | None = None,
        posted: Mapping[str, str] | None = None,
        wrong: PauseFault | None = None,
        sentence: str = "",
        status: int = 200,
    ) -> Response:
        """As things stand or, where what was `posted` could not be taken, as it was filled in."""
        _ = translator(letter.language)
        offered = offer(letter.plan, letter.language)
        person, preferences = letter.person, letter.person.preferences
        now = self.stores.clock.now()
        paused = preferences.paused_until if preferences.paused_until > now else 0

        def ticked(prefix: str, code: str, chosen: tuple[str, ...]) -> bool:
            return bool(posted.get(prefix + code)) if posted is not None else code in chosen

        live = [ground for ground in person.grounds.values() if ground.status == "live"]
        everything = link_token.make_token(
            self.stores.link_key,
            link_token.EVERYTHING,
            letter.entry.position,
            letter.claim.message,
        )
        return self.link_pages.pages.page(
            "preferences.html",
            letter.language,
            status=status,
            offer=offered,
            shown=digest_of(offered.notice),
            token=letter.token,
            nonce_of_page=self._nonce(letter.token),
            switches=[_switch(p, person, posted, letter, _) for p in offered.purposes],
            measured=offered.measured and _switch(offered.measured, person, posted, letter, _),
            was=WAS,
            purpose=PURPOSE,
            themes=[
                (THEME + o.code, o.name, ticked(THEME, o.code, preferences.themes))
                for o in offered.themes
            ],
            contents=[
                (CONTENT + o.code, o.name, ticked(CONTENT, o.code, preferences.contents))
                for o in offered.contents
            ],
            frequency=(posted or {}).get(FREQUENCY) or preferences.frequency,
            pause=(
                posted.get(PAUSE, "")[:40]
                if posted is not None
                else to_local(paused, letter.zone).date().isoformat()
                if paused
                else ""
            ),
            wrong=_(WRONG_PAUSE[wrong]) if wrong else "",
            sentence=_(sentence) if sentence else "",
            told=self._told(letter, offered, query or {}, _),
            stopped=person.objected and not live,
            restricted=person.restricted,
            everything=Press(
                _("Stop everything we send"), everything, self._nonce(everything), look="other"
            ),
        )

    def _nonce(self, token: str) -> str:
        return make_nonce(self.stores.nonce_key, token, time.time())

    def _told(
        self, letter: OwnLetter, offered: Offer, query: Mapping[str, str], _: Say
    ) -> list[str]:
        """What is different from now on. The address only says of what to tell: what is told is
        what is so.
        """
        if SAME in query:
            return [_("You have changed nothing, so everything stays as it is.")]
        parts, preferences = query.get(SAVED, "").split("."), letter.person.preferences
        told = [
            _purpose_told(purpose, _state(letter.person, purpose.id), _)
            for place, purpose in enumerate(offered.purposes)
            if f"p{place}" in parts
        ]
        if "t" in parts:
            names = [o.name for o in offered.themes if o.code in preferences.themes]
            chosen = _("Of the themes, you receive: {names}.").format(names=", ".join(names))
            told.append(chosen if names else _("You receive all themes."))
        if "c" in parts:
            names = [o.name for o in offered.contents if o.code in preferences.contents]
            chosen = _("Of the types of content, you receive: {names}.")
            told.append(
                chosen.format(names=", ".join(names))
                if names
                else _("You receive all types of content.")
            )
        if "f" in parts:
            frequency = _(FREQUENCY_WORDS[preferences.frequency])
            told.append(_("How often: {frequency}.").format(frequency=frequency.lower()))
        if "w" in parts:
            told.append(self._pause_told(preferences, letter, _))
        if "m" in parts:
            told.append(
                _("From now on, what you read is measured.")
                if letter.person.measured_since
                else _("What you read is not measured any more, and what was noted is deleted.")
            )
        return told

    def _pause_told(self, preferences: Preferences, letter: OwnLetter, _: Say) -> str:
        if preferences.paused_until <= self.stores.clock.now():
            return _("Your pause is over: our letters come again.")
        day = day_in_words(to_local(preferences.paused_until, letter.zone).date(), letter.language)
        return _(
            "You receive nothing until {day}. Letters of a series wait until then; what we send to"
            " everybody meanwhile is not sent to you."
        ).format(day=day)


def _switch(
    offered: OfferedPurpose,
    person: Person,
    posted: Mapping[str, str] | None,
    letter: OwnLetter,
    _: Say,
) -> Switch:
    state = _state(person, offered.id)
    ticked = bool(posted.get(PURPOSE + offered.id)) if posted is not None else state != "off"
    if state == "off" and not offered.switch:
        why = (
            _("To receive it, please fill in its form:")
            if offered.form is not None
            else _("It cannot be asked for on this page.")
        )
        return Switch(offered, state, ticked=False, fixed=True, why=why)
    is_stopped = state == "on" and offered.id in person.stopped
    return Switch(offered, state, ticked=ticked, fixed=False, stopped=is_stopped)


def _purpose_told(purpose: OfferedPurpose, state: str, _: Say) -> str:
    match state:
        case "on":
            message = _("From now on you receive “{purpose}”.")
        case "asked":
            message = _(
                "We are sending you a message to confirm “{purpose}”: open it, and press its"
                " button."
            )
        case _other:
            message = _("You will not receive “{purpose}” any more.")
    return message.format(purpose=purpose.name)
