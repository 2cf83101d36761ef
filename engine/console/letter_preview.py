"""How a letter of a draft will look, in a frame of its own: nothing in it runs, no link leads
anywhere, and nothing is fetched for it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from html import escape, unescape
from urllib.parse import unquote

from fastapi.responses import Response

from engine.console.open_dialogue import LetterPlace, OpenDialogue, sentence
from engine.i18n.language import N_, translator
from engine.letter.colour import text_on
from engine.letter.compile import (
    ButtonColours,
    Foot,
    LetterMistakes,
    MergeFailed,
    RenderSettings,
    compile_letter,
)
from engine.letter.published_letter import LAYOUT, TEXTS, source_of
from engine.letter.source_folder import open_asset, sizes_of
from engine.sequence.model import Confirmation, Plan
from engine.words import Words

VIEWS = (
    ("phone", N_("Telephone, 360 px")),
    ("wide", N_("Wide, 600 px")),
    ("dark", N_("Dark")),
    ("text", N_("Text")),
)
ASSETS = "https://folder.invalid"
MAX_PICTURE_BYTES = 2_000_000
NOWHERE = "#"
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
_PICTURE = re.compile(rf"{re.escape(ASSETS)}/pictures/([^\s\"'<>)]+)")
_DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)")


def preview_page(opened: OpenDialogue, place: LetterPlace, view: str) -> Response:
    """600 pixels wide, as on a telephone, in the dark, or as text."""
    html, text, wrong = _rendered(opened, place)
    if wrong:
        items = "".join(f"<li>{escape(fault)}</li>" for fault in wrong)
        _ = translator(opened.visit.language)
        heading = escape(_("This letter cannot be shown yet"))
        html = (
            f'<!doctype html><html lang="{opened.visit.language}"><meta charset="utf-8">'
            f"<title>{heading}</title><body style='font: 16px/1.5 sans-serif; margin: 1.5em'>"
            f"<h1 style='font-size: 1.2em'>{heading}</h1><ul>{items}</ul>"
        )
    elif view == "text":
        html = (
            f'<!doctype html><html lang="{opened.plan.language}"><meta charset="utf-8">'
            f"<title>{escape(place.letter.id)}</title><body style='margin: 1em'>"
            f"<pre style='white-space: pre-wrap; font: 14px/1.45 monospace'>{escape(text)}</pre>"
        )
    else:
        html = _in_light(html, dark=view == "dark")
    return Response(html, headers=HEADERS, media_type="text/html; charset=utf-8")


def _in_light(html: str, *, dark: bool) -> str:
    """A browser knows one preference at a time; a preview shows the one that was chosen."""
    chosen = "dark" if dark else "light"
    shown = _DARK.sub(lambda said: "(min-width: 0)" if said[1] == chosen else "(width < 0)", html)
    scheme = f'<meta name="color-scheme" content="{chosen}">'
    return re.sub(r"(<head[^>]*>)", rf"\1{scheme}", shown, count=1, flags=re.I)


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
    return _with_pictures(rendered.html, opened), rendered.text, []


def _with_pictures(html: str, opened: OpenDialogue) -> str:
    def inlined(picture: re.Match[str]) -> str:
        name = unquote(unescape(picture[1]))
        suffix = name[name.rfind(".") :].lower()
        descriptor = open_asset(opened.stores.config.sequences, "pictures", name)
        if descriptor is None:
            return picture[0]
        with open(descriptor, "rb") as file:
            octets = file.read(MAX_PICTURE_BYTES + 1)
        if suffix not in PICTURE_TYPES or len(octets) > MAX_PICTURE_BYTES:
            return picture[0]
        return f"data:{PICTURE_TYPES[suffix]};base64,{b64encode(octets).decode()}"

    return _PICTURE.sub(inlined, html)


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
