"""The pages behind the links of letters: what a press will do, what was done, what cannot be done.
They say the answer's words, never a list's.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from fastapi.responses import Response

from engine.i18n.language import Language, Say, translator
from engine.letter import link_token
from engine.subscriber.eligibility import live_ground
from engine.subscriber.outcome import Refused
from engine.web.front import Front
from engine.web.link_resolver import OpenedLink, readable, token_for
from engine.web.page_signatures import make_nonce
from engine.web.pages import FOR_READERS, Pages, blank, is_address, spoken
from engine.web.shown_words import AGAIN, AGAIN_ALL, CONFIRM, CONSENT, words_of
from engine.web.stores import LinkStores


@dataclass(frozen=True, slots=True)
class Press:
    """A button: a form of its own, posted to a link, with a nonce of its own."""

    label: str
    token: str
    nonce: str
    act: str = "button"
    look: str = "large"


@dataclass(frozen=True, slots=True)
class Box:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page says; `leads_to` is where a press may send the reader, `ways` what else there is:
    label, address. `preferences` is the token of the page of preferences, where it is offered.
    """

    heading: str
    paragraphs: tuple[str, ...] = ()
    presses: tuple[Press, ...] = ()
    box: Box | None = None
    quiet: str = ""
    onward: str = ""
    leads_to: str = ""
    ways: tuple[tuple[str, str], ...] = ()
    preferences: str = ""


class LinkPages:
    def __init__(self, stores: LinkStores, pages: Pages, front: Front) -> None:
        self.link_key, self.nonce_key = stores.link_key, stores.nonce_key
        self.pages, self.front = pages, front

    def ask(self, opened: OpenedLink, *, wait: float = 0) -> Response:
        """The page of a link: one large button that says what it does; the page presses it by
        itself after `wait` wall-clock seconds, 0 for never.
        """
        _ = translator(opened.language)
        heading, text, button = _asked(opened, _)
        text = (*text, *asked_together(opened, _))
        quiet = (
            _(
                "If you do nothing, this page sends your answer in a few seconds. To keep it from"
                " doing so, close it."
            )
            if wait
            else ""
        )
        more: tuple[Press, ...] = ()
        if opened.click.action == "unsubscribe" and opened.click.claim.kind != "permission":
            more = (
                self._press(
                    opened, _("Stop everything we send"), link_token.EVERYTHING, look="other"
                ),
            )
        press = self._press(opened, button, opened.action)
        shown = Shown(
            heading,
            text,
            (press, *more),
            quiet=quiet,
            leads_to=thanks_address(opened),
            preferences=self._preferences(opened) if more else "",
        )
        return self.show(opened.language, shown, wait=wait)

    def consent(self, opened: OpenedLink, purpose: str, *, missing: bool) -> Response:
        """An answer that leads to letters of another purpose: its own words, an unticked box and a
        button (GDPR 4(11)).
        """
        words = words_of(CONSENT, opened.plan, purpose, opened.language)
        shown = Shown(
            words.heading,
            tuple(
                filter(None, (_your_answer(opened, translator(opened.language)), *words.paragraphs))
            ),
            (self._press(opened, words.button, opened.action),),
            Box(words.box, purpose),
            words.quiet,
            leads_to=thanks_address(opened),
        )
        return self.show(opened.language, shown, missing=missing)

    def done(self, opened: OpenedLink, *, undoable: bool = False, again: bool = False) -> Response:
        """What stands now, said the same way however often the link is followed (C06)."""
        _ = translator(opened.language)
        presses: tuple[Press, ...] = ()
        text: tuple[str, ...]
        quiet = ""
        action = opened.click.action
        if again:
            heading = _("You are subscribed again")
            text = (_("You will receive “{purpose}” again.").format(purpose=opened.purpose),)
        elif action == "answer":
            heading = _your_answer(opened, _) or _("Your answer is noted")
            text = (thanks(opened) or _("Thank you, your answer is noted."),)
            if undoable:
                presses = (self._press(opened, _("Take it back"), link_token.UNDO, look="other"),)
                quiet = _(
                    "You can take it back until you answer another letter, or until these letters"
                    " have led you on."
                )
        elif action == "confirm" and opened.click.claim.kind == "permission":
            heading, text = _("Thank you"), (_("Our letters go on as before."),)
        elif action == "confirm":
            heading = _("Your subscription is confirmed")
            text = (thanks(opened) or _("Thank you. Our letters are on their way."),)
        elif action == "undo":
            heading = _("Your answer is taken back")
            text = (_("Everything is as it was before. You may answer otherwise:"),)
            presses = self._answers(opened, _) or ()
            text = text if presses else (_("Everything is as it was before."),)
        elif action == "not-me":
            heading = _("We will not write to you about this")
            text = (
                _("The request made with your address is deleted."),
                *_gone(opened, _),
            )
            if live_ground(opened.person, opened.click.claim.purpose) is not None:
                heading = _("The request is deleted")
                text = (_("Nothing else has changed: you receive our letters as before."),)
        else:
            heading, text, presses = self._withdrawn(opened, _)
        return self.show(
            opened.language,
            Shown(
                heading,
                text,
                presses,
                quiet=quiet,
                onward=thanks_address(opened),
                preferences=self._preferences(opened) if action == "confirm" else "",
            ),
        )

    def _preferences(self, opened: OpenedLink) -> str:
        return token_for(self.link_key, opened, link_token.PREFERENCES)

    def _withdrawn(
        self, opened: OpenedLink, _: Say
    ) -> tuple[str, tuple[str, ...], tuple[Press, ...]]:
        words = words_of(
            again_kind(opened), opened.plan, opened.click.claim.purpose, opened.language
        )
        heading, text = words.heading, words.paragraphs
        if (
            opened.person.erased
            or not opened.person.registered
            or opened.click.claim.kind == "permission"
        ):
            return heading, (*text, *_gone(opened, _)), ()
        presses = [self._press(opened, words.button, opened.action, act="again", look="other")]
        if opened.click.action == "unsubscribe" and not opened.person.objected:
            presses.insert(
                0,
                self._press(
                    opened, _("Stop everything we send"), link_token.EVERYTHING, look="other"
                ),
            )
        return heading, text, tuple(presses)

    def refused(self, opened: OpenedLink, refused: Refused) -> Response:
        _ = translator(opened.language)
        return self._unchanged(opened, (_(FOR_READERS[refused.code]),), _)

    def choose(self, opened: OpenedLink) -> Response:
        """Two automatic answers within seconds are no person's: none is kept, and the page asks
        (C09).
        """
        _ = translator(opened.language)
        text = _(
            "Two different answers reached us almost at the same time, so we have kept neither."
            " Which one is yours?"
        )
        return self.show(
            opened.language, Shown(_("Your answer, please"), (text,), self._answers(opened, _))
        )

    def nothing_to_take_back(self, opened: OpenedLink) -> Response:
        _ = translator(opened.language)
        return self._unchanged(
            opened, _gone(opened, _) or (_("There is no answer to take back."),), _
        )

    def _unchanged(self, opened: OpenedLink, text: tuple[str, ...], _: Say) -> Response:
        """With the next best thing: to answer otherwise where that still leads somewhere, a form, a
        letter to whoever writes.
        """
        presses = (
            ()
            if opened.person.erased or opened.click.action != "undo"
            else self._answers(opened, _)
        )
        ways = (
            *((form.title, form.address) for form in self.front.forms()),
            (self.front.contact, f"mailto:{self.front.contact}"),
        )
        return self.show(opened.language, Shown(_("Nothing has changed"), text, presses, ways=ways))

    def busy(self, token: str, *, again: bool) -> Response:
        """Said before anything was read, and so in the site's language; `again`: with a button that
        presses once more.
        """
        language = spoken("", self.pages.site)
        _ = translator(language)
        press = Press(_("Try again"), token, make_nonce(self.nonce_key, token, time.time()))
        text = (_("We are very busy at this moment. Please try again."),)
        return self.show(
            language, Shown(_("Please try again"), text, (press,) if again else ()), status=503
        )

    def unknown(self) -> Response:
        return self.front.unknown_link()

    def preview(self) -> Response:
        language = spoken("", self.pages.site)
        _ = translator(language)
        text = (
            _(
                "In the letters your readers get, this link does what it says. In a preview it does"
                " nothing."
            ),
        )
        return self.pages.page(
            "plain.html", language, heading=_("A link of a preview"), paragraphs=text
        )

    def _answers(self, opened: OpenedLink, _: Say) -> tuple[Press, ...]:
        """Every answer of the letter as a button."""
        return tuple(
            self._press(
                opened,
                readable(link) or _("Answer {number}").format(number=link.index + 1),
                link_token.FIRST_LINK + link.index,
            )
            for link in opened.links
            if link.kind == "move"
        )

    def _press(
        self,
        opened: OpenedLink,
        label: str,
        action: int,
        *,
        act: str = "button",
        look: str = "large",
    ) -> Press:
        token = (
            opened.token if action == opened.action else token_for(self.link_key, opened, action)
        )
        return Press(label, token, make_nonce(self.nonce_key, token, time.time()), act, look)

    def show(
        self,
        language: Language,
        shown: Shown,
        *,
        wait: float = 0,
        missing: bool = False,
        status: int = 200,
    ) -> Response:
        presses = tuple(
            Press(p.label, blank(2 * n), blank(2 * n + 1), p.act, p.look)
            for n, p in enumerate(shown.presses)
        )
        return self.pages.filled(
            "link.html",
            language,
            [
                *(piece for press in shown.presses for piece in (press.token, press.nonce)),
                shown.preferences,
            ],
            status=status,
            leads_to=[shown.leads_to] if shown.leads_to else (),
            heading=shown.heading,
            paragraphs=shown.paragraphs,
            presses=presses,
            box=shown.box,
            quiet=shown.quiet,
            onward=shown.onward,
            missing=missing,
            wait=round(wait * 1000),
            ways=shown.ways,
            preferences=blank(2 * len(presses)) if shown.preferences else "",
        )


def _asked(opened: OpenedLink, _: Say) -> tuple[str, tuple[str, ...], str]:
    """Heading, text and button of a link's page."""
    match opened.click.action:
        case "answer":
            label = readable(opened.click.link)
            text = (_("Press the button to send your answer."),)
            if label:
                return (
                    _("Your answer: {label}").format(label=label),
                    text,
                    _("I answer “{label}”").format(label=label),
                )
            return _("Your answer"), text, _("Send my answer")
        case "unsubscribe" if opened.click.claim.kind == "permission":
            return (
                _("Unsubscribe from everything"),
                (_("Press the button, and you receive nothing from us any more."),),
                _("Stop everything we send"),
            )
        case "unsubscribe":
            return (
                _("Unsubscribe from “{purpose}”").format(purpose=opened.purpose),
                (_("Press the button, and we stop writing to you about it at once."),),
                _("Unsubscribe"),
            )
        case "everything":
            return (
                _("Unsubscribe from everything"),
                (_("Press the button, and you receive nothing from us any more."),),
                _("Stop everything we send"),
            )
        case "confirm" if opened.click.claim.kind == "permission":
            return (
                _("Would you like to go on?"),
                (_("Press the button to go on receiving our letters."),),
                _("Yes, go on"),
            )
        case "confirm":
            words = words_of(CONFIRM, opened.plan, opened.click.claim.purpose, opened.language)
            return words.heading, words.paragraphs, words.button
        case "undo":
            return (
                _("Take back your answer"),
                (_("Press the button, and everything is as it was before."),),
                _("Take it back"),
            )
        case "not-me" if live_ground(opened.person, opened.click.claim.purpose) is not None:
            return (
                _("You did not ask for this?"),
                (_("Press the button: we delete the request, and nothing else changes."),),
                _("It was not me"),
            )
        case "not-me":
            return (
                _("You did not ask for this?"),
                (
                    _(
                        "Press the button: we delete the request, and do not write to you about"
                        " “{purpose}”."
                    ).format(purpose=opened.purpose),
                ),
                _("It was not me"),
            )


def asked_together(opened: OpenedLink, _: Say) -> tuple[str, ...]:
    """What a confirmation leads to besides letters of one list, in words the forms have.

    All that is asked for one purpose is confirmed together, and anybody can type an address into a
    form.
    """
    measured = opened.plan.measured if opened.measures else None
    box = _("This was ticked with your address, and is confirmed too: “{name}”. {description}")
    ticked = box.format(name=measured.name, description=measured.description) if measured else ""
    return tuple(filter(None, (_lists_together(opened, _), ticked)))


def _lists_together(opened: OpenedLink, _: Say) -> str:
    pending = opened.person.requests.get(opened.click.claim.purpose)
    if (
        opened.click.action != "confirm"
        or opened.click.claim.kind == "permission"
        or pending is None
        or len(pending.lists) < 2
    ):
        return ""
    questions = [form.question for form in opened.plan.forms.values() if form.question is not None]
    choices = {choice.list: choice.label for question in questions for choice in question.choices}
    asked_for = dict.fromkeys(
        filter(
            None,
            (
                choices.get(number) or opened.plan.title_for_readers(number)
                for number in pending.lists
            ),
        )
    )
    return _(
        "All of this was asked for with your address, and is confirmed together: {titles}."
    ).format(titles=" · ".join(asked_for))


def _gone(opened: OpenedLink, _: Say) -> tuple[str, ...]:
    """Said of everybody who was erased, whatever link of theirs is opened."""
    return (
        (_("We no longer hold anything about you, so there is nothing left to change."),)
        if opened.person.erased
        else ()
    )


def _your_answer(opened: OpenedLink, _: Say) -> str:
    label = readable(opened.click.link)
    return _("Your answer: {label}").format(label=label) if label else ""


def again_kind(opened: OpenedLink) -> str:
    """Which page offers to come back: the one after leaving everything, or one purpose."""
    return (
        AGAIN_ALL
        if opened.click.action == "everything" or opened.click.claim.kind == "permission"
        else AGAIN
    )


def thanks(opened: OpenedLink) -> str:
    """The author's words after this link, "" when there are none or when they are an address."""
    text = _thanks(opened)
    return "" if is_address(text) else text


def thanks_address(opened: OpenedLink) -> str:
    text = _thanks(opened)
    return text if is_address(text) else ""


def _thanks(opened: OpenedLink) -> str:
    if opened.click.action == "answer" and opened.click.link is not None:
        target = opened.plan.lists.get(opened.click.link.target)
        return target.thanks if target else ""
    form = opened.plan.forms.get(opened.form) if opened.click.action == "confirm" else None
    return form.confirmed if form else ""
