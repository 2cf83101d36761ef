"""The pages behind "My data": what is asked before anything is shown, everything that is held, what
an erasure takes away and leaves.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from unicodedata import normalize
from urllib.parse import urlencode
from zoneinfo import available_timezones

from fastapi.responses import RedirectResponse, Response

from engine.i18n.language import N_, Language, Say, town_in_words, translator
from engine.intake.field_reader import MAX_VALUE_CHARACTERS
from engine.intake.forms import input_of
from engine.intake.own_data import (
    ADDRESS,
    FIELD,
    LANGUAGE,
    LANGUAGES,
    ZONE,
    Act,
    CorrectionFaults,
    Wrong,
)
from engine.privacy.dossier_words import LANGUAGES as SPOKEN
from engine.privacy.dossier_words import DossierInWords
from engine.privacy.erasure import Kept, Receipt, what_remains
from engine.subscriber.outcome import Refused
from engine.web.controls import UNFIT, Control
from engine.web.link_pages import LinkPages, Press, Shown
from engine.web.own_requests import OwnLetter
from engine.web.page_signatures import make_nonce
from engine.web.pages import FOR_READERS
from engine.web.stores import OwnDataStores

BUSY = N_("We are very busy at this moment. Please try again.")
NO_PROOF = N_("The proof cannot be made just now. Please try again later, or write to us.")
WRONG: Mapping[Wrong, str] = {
    "missing": N_("Please fill this in."),
    "address": N_("This is not a whole e-mail address: it looks like name@example.org."),
    "long": N_("This is too long."),
    "line": N_("Please write this in one line."),
    "link": N_("Please leave out the web address."),
    "choose": N_("Please choose one."),
    "zone": N_("This is no time zone: write for example Europe/Paris."),
    "language": N_("Please choose one."),
    "same": N_("This is the address we have already."),
}
DONE: Mapping[str, str] = {
    "correct": N_("Your data are corrected."),
    "restrict": N_(
        "Your data are frozen: nothing is sent to you and nothing is deleted, until you say so"
        " here."
    ),
    "lift": N_("Your data are no longer frozen."),
    "resume": N_("We write to you again."),
    "object": N_("Everything is stopped: we send you nothing any more, about anything."),
}
NOTHING_DONE: Mapping[str, str] = {
    "correct": N_("You have changed nothing, so nothing was corrected."),
    "restrict": N_("Your data are frozen already."),
    "lift": N_("Your data are not frozen."),
    "resume": N_("We had not stopped writing to you."),
    "object": N_("You had stopped everything already."),
}
DELETED: Mapping[str, str] = {
    "person": N_("your address and everything you told us"),
    "evidence": N_("what we kept of each of your acts"),
    "former addresses": N_("addresses you once had"),
    "letters in the built-in mailbox": N_("copies of letters to you"),
}


@dataclass(frozen=True, slots=True)
class Input:
    """An input for an address."""

    name: str
    label: str
    value: str
    wrong: str = ""


REGIONS = {
    "Africa": N_("Africa"),
    "America": N_("America"),
    "Antarctica": N_("Antarctica"),
    "Asia": N_("Asia"),
    "Atlantic": N_("Atlantic Ocean"),
    "Australia": N_("Australia"),
    "Europe": N_("Europe"),
    "Indian": N_("Indian Ocean"),
    "Pacific": N_("Pacific Ocean"),
}


@cache
def zones(language: Language) -> dict[str, list[tuple[str, str]]]:
    """The time zones one may choose, by part of the world: each with its town, Europe first."""
    by_region: dict[str, list[tuple[str, str]]] = {region: [] for region in ("Europe", *REGIONS)}
    for zone in sorted(available_timezones()):
        region, _, town = zone.partition("/")
        if region in by_region and town:
            by_region[region].append((zone, town_in_words(zone, language)))
    for towns in by_region.values():
        towns.sort(key=lambda town: normalize("NFKD", town[1]).casefold())
    return by_region


def seeing(token: str) -> str:
    """What the key in the address of a page that shows everything is made for: it lives half an
    hour, and presses nothing.
    """
    return f"{token}/see"


class OwnDataPages:
    """None of these pages is kept, except those that say nothing about anybody."""

    def __init__(self, stores: OwnDataStores, link_pages: LinkPages) -> None:
        self.stores, self.pages, self.link_pages = stores, link_pages.pages, link_pages

    def unknown(self) -> Response:
        return self.link_pages.unknown()

    def busy(self, letter: OwnLetter, why: str = BUSY) -> Response:
        _ = translator(letter.language)
        return self._plain(letter, _("Please try again"), _(why), status=503)

    def shown_at(
        self, letter: OwnLetter, after: Act | None = None, *, done: bool = False
    ) -> Response:
        """A page of its own for what a press has come to: going back and reloading do nothing
        more.
        """
        query = {"see": make_nonce(self.stores.nonce_key, seeing(letter.token), time.time())}
        if after is not None:
            query["done" if done else "same"] = after
        return RedirectResponse(f"/l/{letter.token}?{urlencode(query)}", 303)

    def front(self, letter: OwnLetter, *, late: bool = False) -> Response:
        """Shown to whoever opens the link. `late`: a press came that the page it was on no longer
        allows.
        """
        _ = translator(letter.language)
        paragraphs = (
            _(
                "Here you can see everything that {name} holds about you, download it, correct it,"
                " freeze it, stop our letters, or have it erased."
            ),
            _(
                "Nothing is shown before you press. If somebody forwarded their letter to you, this"
                " page is about them: please close it."
            ),
        )
        name = self.stores.config.site.name
        text = tuple(paragraph.format(name=name) for paragraph in paragraphs)
        text = (
            (
                _(
                    "That page had been open for a long time, and nothing was done. Please go on"
                    " from here."
                ),
                *text,
            )
            if late
            else text
        )
        press = Press(_("See everything"), letter.token, self._nonce(letter), "see")
        return self.link_pages.show(letter.language, Shown(_("Your data"), text, (press,)))

    def too_often(self, letter: OwnLetter) -> Response:
        _ = translator(letter.language)
        text = _("This has been pressed very often. Nothing was done; please try again later.")
        return self._plain(
            letter, _("Please try again"), text, status=429, headers={"Retry-After": "60"}
        )

    def nothing_held(self, letter: OwnLetter) -> Response:
        _ = translator(letter.language)
        return self._plain(
            letter,
            _("We hold nothing about you"),
            _("We no longer hold anything about you, so there is nothing left to change."),
        )

    def refused(self, letter: OwnLetter, refused: Refused) -> Response:
        _ = translator(letter.language)
        return self._plain(letter, _("Nothing has changed"), _(FOR_READERS[refused.code]))

    def everything(
        self,
        letter: OwnLetter,
        dossier: Mapping[str, object],
        *,
        mistaken: CorrectionFaults | None = None,
        posted: Mapping[str, str] | None = None,
        after: Act | None = None,
        done: bool = False,
    ) -> Response:
        """`after` what was pressed, and whether it changed anything; `mistaken`: what was `posted`
        and could not be taken.
        """
        _ = translator(letter.language)
        former = self.stores.installation_stream.current().former_options()
        now = self.stores.clock.now()
        teller = DossierInWords(letter.plan, letter.language, letter.zone, now, former)
        wrong = {
            name: _(UNFIT.get(reason) or WRONG[reason])
            for name, reason in (mistaken.reasons if mistaken else {}).items()
        }
        known = posted or {}
        inputs = self._inputs(letter, posted or {}, wrong)
        address = Input(
            ADDRESS,
            _("The address that is right"),
            known.get(ADDRESS, "")[:254],
            wrong.get(ADDRESS, ""),
        )
        labels = {line.name: line.label for line in inputs} | {
            ADDRESS: address.label,
            ZONE: _("Time zone"),
            LANGUAGE: _("Language"),
        }
        return self.pages.page(
            "own_data.html",
            letter.language,
            status=422 if mistaken else 200,
            token=letter.token,
            fresh=lambda: self._nonce(letter),
            sections=teller.sections(dossier),
            inputs=inputs,
            language_now=known.get(LANGUAGE) or letter.person.language[:2].lower(),
            languages=[(code, _(SPOKEN[code])) for code in LANGUAGES],
            address=address,
            restricted=letter.person.restricted,
            objected=letter.person.objected,
            silent=bool(letter.person.stopped),
            zone_now=known.get(ZONE, letter.person.timezone)[:100],
            zone_wrong=wrong.get(ZONE, ""),
            zones=[(_(REGIONS[region]), towns) for region, towns in zones(letter.language).items()],
            known_zones={
                zone for towns in zones(letter.language).values() for zone, _town in towns
            },
            correcting=bool(wrong) and ADDRESS not in wrong,
            mistakes=[(name, labels[name], why) for name, why in wrong.items()],
            said=self._done_sentence(letter, after, done, teller, _),
        )

    def download(self, letter: OwnLetter, content: str | bytes, kind: str, ending: str) -> Response:
        """The name of the file says nothing about anybody: it ends in the list of downloads of
        whatever machine this is.
        """
        _ = translator(letter.language)
        name = f"{_('my-data')}.{ending}"
        return Response(
            content, 200, {"Content-Disposition": f'attachment; filename="{name}"'}, media_type=kind
        )

    def erase(self, letter: OwnLetter, proof_until: int, *, missing: bool = False) -> Response:
        """The first step: what goes, what remains and why (E07), the download before (E08), and a
        box to tick.
        """
        held = [what for what, count in self.stores.vault.held(letter.stream).items() if count]
        _ = translator(letter.language)
        return self.pages.page(
            "own_data_erase.html",
            letter.language,
            status=422 if missing else 200,
            token=letter.token,
            fresh=lambda: self._nonce(letter),
            deleted=[_(DELETED[what]) for what in held],
            kept=self._kept(letter, what_remains(True, proof_until)),
            missing=missing,
        )

    def erased(self, letter: OwnLetter, receipt: Receipt) -> Response:
        _ = translator(letter.language)
        teller = DossierInWords(letter.plan, letter.language, letter.zone, receipt.at)
        return self.pages.page(
            "own_data_erased.html",
            letter.language,
            day=teller.day(receipt.at),
            reference=_("{id}, entry {position}").format(
                id=receipt.subscriber, position=receipt.position
            ),
            deleted=[_(DELETED[what]) for what in receipt.deleted],
            kept=self._kept(letter, receipt.kept),
        )

    def _inputs(
        self, letter: OwnLetter, posted: Mapping[str, str], wrong: Mapping[str, str]
    ) -> list[Control]:
        known = self.stores.vault.people([letter.stream]).get(letter.stream)
        values: Mapping[str, str] = defaultdict(str, known.fields if known else {})
        return [
            Control.of(
                field,
                (input_of(posted, FIELD + name, field) if FIELD + name in posted else values[name])[
                    :MAX_VALUE_CHARACTERS
                ],
                letter.language,
                id=FIELD + name,
                name=FIELD + name,
                wrong=wrong.get(FIELD + name, ""),
            )
            for name, field in letter.plan.fields.items()
        ]

    def _done_sentence(
        self, letter: OwnLetter, after: Act | None, done: bool, teller: DossierInWords, _: Say
    ) -> str:
        if after is None:
            return ""
        if after == "address":
            due = max(
                (
                    right.due_at
                    for right in letter.person.rights.values()
                    if right.right == "rectification"
                ),
                default=0,
            )
            done_now = N_(
                "We have noted the new address, and will ask you about it at the present one, by"
                " {date} at the latest."
            )
            again = N_(
                "You have asked for a correction already, and we have still to answer it, by {date}"
                " at the latest."
            )
            return _(done_now if done else again).format(date=teller.day(due))
        return _((DONE if done else NOTHING_DONE)[after])

    def _kept(self, letter: OwnLetter, kept: tuple[Kept, ...]) -> list[str]:
        _ = translator(letter.language)
        teller = DossierInWords(letter.plan, letter.language, letter.zone, 0)
        return [
            _(part.what).format(date=teller.day(part.until)) if part.until else _(part.what)
            for part in kept
        ]

    def _plain(
        self,
        letter: OwnLetter,
        heading: str,
        text: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        return self.pages.page(
            "plain.html",
            letter.language,
            status=status,
            headers=headers,
            heading=heading,
            paragraphs=(text,),
        )

    def _nonce(self, letter: OwnLetter) -> str:
        return make_nonce(self.stores.nonce_key, letter.token, time.time())
