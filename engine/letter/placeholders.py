"""Opaque words that stand for merge tags and action links while Markdown and HTML are read.

Neither Markdown nor an HTML parser can misread them, and no author can write one: they carry a mark
that each process draws for itself, and none leaves it.
"""

from __future__ import annotations

import re
import secrets

from engine.letter.merge import Piece, literal
from engine.sequence.links import Link

USUAL_URL_LENGTH = 60
# One for all letters, so that the expressions that look for it are compiled once.
_MARK = f"zq{secrets.token_hex(8)}"
_ANY = re.compile(rf"(https://{_MARK}l\d+z\.invalid|{_MARK}[os]\d+z)")
_LINK = re.compile(rf"https://{_MARK}l(\d+)z\.invalid")
_PIECE = re.compile(rf"{_MARK}[os](\d+)z")


class Placeholders:
    any, link = _ANY, _LINK
    statement = rf"{_MARK}s\d+z"

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.links: list[Link] = []
        self.url_length = USUAL_URL_LENGTH

    def for_piece(self, piece: Piece) -> str:
        """Text stays as it is; a tag becomes a word."""
        if piece.kind == "text":
            return piece.text
        self.pieces.append(piece)
        return f"{_MARK}{piece.kind[0]}{len(self.pieces) - 1}z"

    def for_link(self, link: Link) -> str:
        self.links.append(link)
        return self.url(len(self.links) - 1)

    def url(self, place: int) -> str:
        return f"https://{_MARK}l{place}z.invalid"

    def piece_of(self, word: str) -> Piece | None:
        match = _PIECE.fullmatch(word)
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
