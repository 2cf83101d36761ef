"""How a letter looks, in a frame of its own: nothing in it runs, no link leads
anywhere, and nothing is fetched for it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape, unescape
from pathlib import Path
from urllib.parse import unquote

from fastapi.responses import Response

from engine.console.open_dialogue import LetterPlace, OpenDialogue, sentence
from engine.console.visit import Visit
from engine.i18n.language import N_
from engine.letter.colour import text_on
from engine.letter.compile import (
    ButtonColours,
    Foot,
    LetterMistakes,
    MergeFailed,
    RenderSettings,
    compile_letter,
)
from engine.letter.letter_source import source_of
from engine.letter.looks import NOWHERE, as_word_shows, in_scheme, inert
from engine.letter.published_letter import LAYOUT, TEXTS
from engine.letter.source_folder import open_asset, sizes_of
from engine.sequence.model import Confirmation, Plan
from engine.words import Language, Words

VIEWS = (
    ("phone", N_("Telephone, 360 px")),
    ("wide", N_("Wide, 600 px")),
    ("dark", N_("Dark")),
    ("outlook", N_("Outlook on Windows, about")),
    ("text", N_("Text")),
)
ASSETS = "https://folder.invalid"
MAX_PICTURE_BYTES = 2_000_000
# A letter brings its styles with it, and is given its pictures: a frame without an origin is sent
# no cookie, so it could fetch none. Nothing runs.
POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none';"
    " base-uri 'none'; frame-ancestors 'self'; sandbox"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "SAMEORIGIN",
}
PICTURE_TYPES: Mapping[str, str] = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


def preview_page(opened: OpenDialogue, place: LetterPlace, view: str) -> Response:
    """600 pixels wide, as on a telephone, in the dark, as Outlook shows it, or as text."""
    html, text, wrong = _rendered(opened, place)
    if wrong:
        return problem_page(opened.visit, wrong)
    sequences, language = opened.stores.config.sequences, opened.plan.language
    return letter_page(html, text, view, language, ASSETS, sequences)


def problem_page(visit: Visit, wrong: Sequence[str]) -> Response:
    """In the frame of a letter that cannot be shown: why not."""
    items = "".join(f"<li>{escape(fault)}</li>" for fault in wrong)
    heading = escape(visit.say(N_("This letter cannot be shown yet")))
    return _framed(
        f'<!doctype html><html lang="{visit.language}"><meta charset="utf-8">'
        f"<title>{heading}</title><body style='font: 16px/1.5 sans-serif; margin: 1.5em'>"
        f"<h1 style='font-size: 1.2em'>{heading}</h1><ul>{items}</ul>"
    )


def letter_page(
    html: str, text: str, view: str, language: Language, assets: str, sequences: Path
) -> Response:
    """A letter in one of VIEWS; its pictures, which lie below the address `assets`, are taken from
    the folder `sequences`.
    """
    if view == "text":
        return _framed(
            f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
            "<title></title><body style='margin: 0.5em'>"
            f"<pre style='white-space: pre-wrap; font: 13px/1.45 monospace'>{escape(text)}</pre>"
        )
    shown = as_word_shows(html) if view == "outlook" else html
    return _framed(_with_pictures(inert(in_scheme(shown, dark=view == "dark")), assets, sequences))


def _framed(html: str) -> Response:
    return Response(html, headers=HEADERS, media_type="text/html; charset=utf-8")


def _rendered(opened: OpenDialogue, place: LetterPlace) -> tuple[str, str, list[str]]:
    """HTML, text, and why there are none."""
    plan, letter, visit = opened.plan, place.letter, opened.visit
    if letter.body not in plan.words or LAYOUT not in plan.words:
        message = N_("the file of this letter's words, or layout.html, is not there")
        return "", "", [sentence(visit, Words(message))]
    site = opened.stores.config.site
    colours = ButtonColours(site.colour, text_on(site.colour), own=True) if site.colour else None
    settings = RenderSettings(
        ASSETS, colours or ButtonColours(), sizes_of(opened.stores.config.sequences)
    )
    labels = {field.name: field.label for field in plan.fields.values()}
    try:
        source = source_of(letter, plan, place.purpose)
        compiled = compile_letter(source, settings, fields=labels)
        urls = [NOWHERE for link in compiled.links if link.index >= 0]
        rendered = compiled.render({}, urls, _foot(opened, place, plan))
    except LetterMistakes as error:
        return "", "", [sentence(visit, mistake.words) for mistake in error.mistakes]
    except MergeFailed as error:
        return "", "", [sentence(visit, error.words)]
    return rendered.html, rendered.text, []


def _with_pictures(html: str, assets: str, sequences: Path) -> str:
    def inlined(picture: re.Match[str]) -> str:
        name = unquote(unescape(picture[1]))
        suffix = name[name.rfind(".") :].lower()
        descriptor = open_asset(sequences, "pictures", name)
        if descriptor is None:
            return picture[0]
        with open(descriptor, "rb") as file:
            octets = file.read(MAX_PICTURE_BYTES + 1)
        if suffix not in PICTURE_TYPES or len(octets) > MAX_PICTURE_BYTES:
            return picture[0]
        return f"data:{PICTURE_TYPES[suffix]};base64,{b64encode(octets).decode()}"

    return re.sub(rf"{re.escape(assets)}/pictures/([^\s\"'<>)]+)", inlined, html)


def _foot(opened: OpenDialogue, place: LetterPlace, plan: Plan) -> Foot:
    site, texts = opened.stores.config.site, TEXTS[plan.language]
    if isinstance(place.sender, Confirmation):
        return Foot(
            who=site.name,
            address=site.postal_address,
            why=texts.why_asked,
            language=plan.language,
            confirm_url=NOWHERE,
        )
    purpose = plan.purposes.get(place.purpose)
    name = purpose.name if purpose is not None else place.purpose
    return Foot(
        who=site.name,
        address=site.postal_address,
        why=texts.why_consent.format(purpose=name),
        unsubscribe_url=NOWHERE,
        unsubscribe_label=texts.unsubscribe.format(purpose=name),
        everything_url=NOWHERE,
        everything_label=texts.everything,
        language=plan.language,
    )
