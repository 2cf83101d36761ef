"""The built-in mailbox's page, on loopback only: until SMTP is configured, a newcomer sees here what readers would get, and clicks it.

Letters are shown in a sandboxed frame without scripts; a request for another host name is refused, so that no web page elsewhere can read them.
"""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from html import escape
from typing import cast

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from engine.house import House
from engine.sending.mailbox import Mailbox

LOCAL = ("127.0.0.1", "localhost", "[::1]")
SHOWN = 200
STYLE = """
:root{color-scheme:light dark;--line:#8884;--quiet:#667;--accent:#1f4e79}
body{font:16px/1.5 system-ui,sans-serif;margin:0;display:grid;grid-template-columns:minmax(16rem,24rem) 1fr;height:100vh}
nav{overflow:auto;border-right:1px solid var(--line)}nav h1{font-size:1.1rem;margin:1rem}
nav a{display:block;padding:.7rem 1rem;border-bottom:1px solid var(--line);color:inherit;text-decoration:none}
nav a:hover,nav a:focus,nav a[aria-current]{background:#8882}
nav small{color:var(--quiet);display:block}
main{display:flex;flex-direction:column;min-width:0}header{padding:1rem;border-bottom:1px solid var(--line)}
header p{margin:.1rem 0}iframe{flex:1;border:0;width:100%;background:#fff}pre{white-space:pre-wrap;padding:1rem;overflow:auto}
@media(max-width:700px){body{display:block}nav{max-height:40vh}iframe{height:60vh}}
"""
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; frame-src 'self'; frame-ancestors 'self'",
}
FRAME = HEADERS | {"Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "
                   "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:"}


def make_letterbox(house: House) -> FastAPI:
    """The page at `/`, one letter at `/?letter=ID`; `?to=ADDRESS` shows one reader's letters."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    mailbox = Mailbox(house.config.data / "mailbox")
    words = ("Boîte aux lettres", "Aucune lettre pour l’instant.", "Texte", "Source") if house.config.site.language == "fr" else (
        "Mailbox", "No letter yet.", "Text", "Source")

    @app.middleware("http")
    async def only_here(request: Request, following: object) -> Response:
        host = request.headers.get("host", "").rsplit(":", 1)[0]
        if host not in LOCAL:
            return PlainTextResponse("This page is for this machine only.", 403)
        return cast(Response, await following(request))  # type: ignore[operator]

    @app.get("/")
    def index(letter: str = "", to: str = "") -> HTMLResponse:
        entries = mailbox.list(SHOWN, to or None)
        chosen = letter or (entries[0].id if entries else "")
        rows = "".join(
            f'<a href="/?letter={escape(each.id)}{"&amp;to=" + escape(to) if to else ""}"{" aria-current=true" if each.id == chosen else ""}>'
            f"{escape(each.subject)}<small>{escape(each.recipient)} · {each.at:%d/%m %H:%M:%S}</small></a>"
            for each in entries
        )
        body = _letter(mailbox, chosen, words) if chosen else f"<header><p>{words[1]}</p></header>"
        page = (
            f'<!doctype html><html lang="{house.config.site.language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f'<meta http-equiv="refresh" content="15"><title>{words[0]}</title><style>{STYLE}</style>'
            f"<nav><h1>{words[0]} ({len(entries)})</h1>{rows}</nav><main>{body}</main></html>"
        )
        return HTMLResponse(page, headers=HEADERS)

    @app.get("/html/{letter}")
    def html(letter: str) -> Response:
        message = _read(mailbox, letter)
        part = message.get_body(("html", "plain")) if message else None
        if part is None:
            return PlainTextResponse("", 404, headers=HEADERS)
        text = str(part.get_content()).replace("<head>", '<head><base target="_blank">', 1)
        return HTMLResponse(text, headers=FRAME)

    @app.get("/text/{letter}")
    def text(letter: str) -> Response:
        message = _read(mailbox, letter)
        part = message.get_body(("plain",)) if message else None
        return PlainTextResponse(str(part.get_content()) if part else "", headers=HEADERS)

    @app.get("/source/{letter}")
    def source(letter: str) -> Response:
        try:
            return PlainTextResponse(mailbox.read(letter).decode("utf-8", "replace"), headers=HEADERS)
        except (KeyError, ValueError, OSError):
            return PlainTextResponse("", 404, headers=HEADERS)

    return app


def _read(mailbox: Mailbox, letter: str) -> EmailMessage | None:
    try:
        return email.message_from_bytes(mailbox.read(letter), policy=email.policy.default)
    except (KeyError, ValueError, OSError):
        return None


def _letter(mailbox: Mailbox, letter: str, words: tuple[str, ...]) -> str:
    message = _read(mailbox, letter)
    if message is None:
        return f"<header><p>{words[1]}</p></header>"
    heads = "".join(f"<p><strong>{name}</strong> {escape(str(message.get(name, '')))}</p>" for name in ("Subject", "From", "To", "Date"))
    links = f'<p><a href="/text/{escape(letter)}">{words[2]}</a> · <a href="/source/{escape(letter)}">{words[3]}</a></p>'
    return f'<header>{heads}{links}</header><iframe src="/html/{escape(letter)}" title="{escape(str(message.get("Subject", "")))}"></iframe>'
