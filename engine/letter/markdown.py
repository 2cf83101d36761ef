"""Markdown to HTML: the one door to markdown-it-py. CommonMark with tables and raw HTML; it judges
no link.
"""

from __future__ import annotations

from markdown_it import MarkdownIt


class _Reader(MarkdownIt):
    # A refused target would stay in the letter as plain text; the inspection of the HTML names it
    # instead.
    def validateLink(self, url: str) -> bool:
        return True


_READER = _Reader("commonmark", {"html": True}).enable(["table", "strikethrough"])


def to_html(source: str) -> str:
    return str(_READER.render(source))
