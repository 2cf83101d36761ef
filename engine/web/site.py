"""The site a reader reaches: links, forms, pictures and downloads, the API, and what a monitor asks. Nothing here knows who the reader is."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import cast

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from engine.authoring import open_asset
from engine.gathering import Gatherer
from engine.house import House
from engine.language import N_, translator
from engine.web import api, auditing, forms, links, monitoring
from engine.web.pages import App, Headers, Ours, Pages, site_headers, spoken

WRONG = N_("Something went wrong on our side")
ASSET_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".pdf": "application/pdf",
    ".txt": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".zip": "application/zip",
    ".ics": "text/calendar; charset=utf-8",
    ".epub": "application/epub+zip",
    ".mp3": "audio/mpeg",
}


def make_site(house: House, gatherer: Gatherer) -> App:
    """Everything readers, authors' forms and other programs reach under `[site] url`."""
    app = FastAPI(title=house.config.site.name, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    pages = Pages(house.config.site)
    app.add_middleware(Headers, ours=site_headers(house.config.site))
    app.include_router(forms.router(house, gatherer))
    app.include_router(api.router(house, gatherer))
    app.include_router(monitoring.router(house))
    app.include_router(auditing.router(house))
    _add_files(app, house.config.sequences)
    _add_errors(app, pages)
    return links.Links(app, house, pages, partial(_failure, pages))


class _OpenedFile(FileResponse):
    """A file that was opened before, whatever its name leads to by now. With `saved_as` it is a download."""

    def __init__(self, descriptor: int, media_type: str, saved_as: str | None) -> None:
        headers = {"Cache-Control": "public, max-age=3600"}
        self._descriptor = descriptor
        super().__init__(f"/dev/fd/{descriptor}", media_type=media_type, headers=headers, filename=saved_as, stat_result=os.fstat(descriptor))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            os.close(self._descriptor)


def _add_files(app: FastAPI, folder: Path) -> None:
    @app.api_route("/a/{kind}/{name}", methods=["GET", "HEAD"], include_in_schema=False)
    def file(kind: str, name: str) -> Response:
        descriptor = open_asset(folder, kind, name)
        if descriptor is None:
            raise HTTPException(404)
        return _OpenedFile(descriptor, ASSET_TYPES.get(Path(name).suffix.lower(), "application/octet-stream"), name if kind == "files" else None)

    @app.api_route("/robots.txt", methods=["GET", "HEAD"], include_in_schema=False)
    async def robots() -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    @app.api_route("/favicon.ico", methods=["GET", "HEAD"], include_in_schema=False)
    async def icon() -> Response:
        return Response(status_code=204, headers={"Cache-Control": "public, max-age=86400"})


def _failure(pages: Pages) -> Response:
    language = spoken("", pages.site)
    _ = translator(language)
    return pages.page("plain.html", language, status=500, heading=_(WRONG), paragraphs=(_("Please try again in a moment."),))


def _add_errors(app: FastAPI, pages: Pages) -> None:
    language = spoken("", pages.site)
    _ = translator(language)

    def said(request: Request, status: int, heading: str, text: str) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"detail": heading}, status)
        return pages.page("plain.html", language, status=status, heading=heading, paragraphs=(text,))

    async def refused(request: Request, error: Exception) -> Response:
        status = cast(HTTPException, error).status_code
        if status in (404, 405):
            return said(request, status, _("There is nothing here"), _("Perhaps the address was cut off. Please open it again from the letter."))
        return said(request, status, _("This cannot be done"), _("Please go back and try again."))

    async def failed(request: Request, error: Exception) -> Response:
        """Made outside of everything else, so it brings the headers itself."""
        api_call = request.url.path.startswith("/api/")
        answer = JSONResponse({"detail": _(WRONG)}, 500) if api_call else _failure(pages)
        return Ours(site_headers(pages.site)).complete(answer)

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(Exception, failed)
