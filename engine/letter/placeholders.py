"""Opaque words that stand for merge tags and action links while Markdown and HTML are read.

Neither Markdown nor an HTML parser can misread them, and no author can write one: they carry a hash
of the sources.
"""

from __future__ import annotations

import re
from hashlib import sha256

from engine.letter.merge import Piece, literal
from engine.sequence.links import Link

USUAL_URL_LENGTH = 60


class Placeholders:
    def __init__(self, *sources: str) -> None:
        self._mark = (
            "zq" + sha256("\0".join(sources).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        )
        self.pieces: list[Piece] = []
        self.links: list[Link] = []
        self.any = re.compile(rf"(https://{self._mark}l\d+z\.invalid|{self._mark}[os]\d+z)")
        self.statement = rf"{self._mark}s\d+z"
        self.url_length = USUAL_URL_LENGTH
        self.link = re.compile(rf"https://{self._mark}l(\d+)z\.invalid")

    def for_piece(self, piece: Piece) -> str:
        """Text stays as it is; a tag becomes a word."""
        if piece.kind == "text":
            return piece.text
        self.pieces.append(piece)
        return f"{self._mark}{piece.kind[0]}{len(self.pieces) - 1}z"

    def for_link(self, link: Link) -> str:
        self.links.append(link)
        return self.url(len(self.links) - 1)

    def url(self, place: int) -> str:
        return f"https://{self._mark}l{place}z.invalid"

    def piece_of(self, word: str) -> Piece | None:
        match = re.fullmatch(rf"{self._mark}[os](\d+)z", word)
        return self.pieces[int(match[1])] if match else None

    def link_of(self, url: str) -> Link | None:
        match = self.link.fullmatch(url)
        return self.links[int(match[1])] if match else None

    def pieces_in(self, text: str) -> list[Piece]:
        return [piece for word in self.any.findall(text) if (piece := self.piece_of(word))]

    def shown(self, text: str) -> str:
        """The text as its author wrote it, for a sentence."""

        def original(match: re.Match[str]) -> str:
            piece, link = self.piece_of(match[0]), self.link_of(match[0])
            return (
                piece.source if piece else f"==={link.target or link.kind}===" if link else match[0]
            )

        return self.any.sub(original, text)

    def width(self, text: str) -> int:
        """About how wide the text will be; statements take no room."""

        def room(match: re.Match[str]) -> str:
            piece = self.piece_of(match[0])
            return "x" * (self.url_length if piece is None else 10 if piece.kind == "output" else 0)

        return len(self.any.sub(room, text))

    def template(self, text: str) -> str:
        """The text as template source: tags as written, links as the engine's own names, the rest
        literal.
        """
        parts: list[str] = []
        for place, part in enumerate(self.any.split(text)):
            piece, link = (self.piece_of(part), self.link_of(part)) if place % 2 else (None, None)
            if piece:
                parts.append(piece.source)
            elif link:
                parts.append(f"{{{{ {url_name(link)} }}}}")
            else:
                parts.append(literal(part))
        return "".join(parts)


def url_name(link: Link) -> str:
    """The engine's own name for the URL of a link."""
    return f"_url{link.index}" if link.index >= 0 else f"_{link.kind}_url"
