"""What is read a page at a time: each page begins where the one before ended, whatever came or went
meanwhile, so that nobody is told twice and nobody who stays is left out.

A cursor (`next`, to be sent as `after`) is opaque to callers; here it is what the rows are sorted
by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import urlencode

from fastapi.responses import JSONResponse

from engine.api.api_call import ApiCall
from engine.api.operation import array, merged, nullable, object_of, text
from engine.api.parameters import AFTER, LIMIT, Parameter, Schema
from engine.ledger.codec import STREAM_ID

Answer = dict[str, object]
Row = TypeVar("Row")
PAGED: tuple[Parameter, ...] = (LIMIT, AFTER)
PAGED_BY_PERSON = (LIMIT, replace(AFTER, pattern=STREAM_ID.pattern))
PAGED_BY_MOMENT = (LIMIT, replace(AFTER, pattern=f"[0-9]{{1,15}}_{STREAM_ID.pattern}"))


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the cursor of the page after it, "" or 0 where none follows."""

    items: Sequence[Answer]
    next: str | int = ""


CURSOR = text("The cursor of the next page; null on the last.", example="24")


def page_of(title: str, item: Schema, *more: Schema, cursor: Schema = CURSOR) -> Schema:
    """The schema of a page; `more` are objects without a title whose members it has too."""
    return merged(title, object_of("", items=array(item), next=nullable(cursor)), *more)


def page_response(call: ApiCall, page: Page, **members: object) -> JSONResponse:
    """The page after it is also told as a Link (RFC 8288), relative to the address of the call."""
    headers = {}
    if page.next:
        query = [(name, value) for name, value in call.query if name != "after"]
        headers["Link"] = f'<?{urlencode([*query, ("after", page.next)])}>; rel="next"'
    return JSONResponse(
        {"items": list(page.items), "next": page.next or None, **members}, headers=headers
    )


def cut(rows: Sequence[Row], call: ApiCall) -> tuple[Sequence[Row], bool]:
    """A page of rows of which one more than its limit was asked for, and whether more follow."""
    limit = call.number("limit")
    return rows[:limit], len(rows) > limit


def page_after(rows: Sequence[tuple[str, Answer]], call: ApiCall) -> Page:
    """A page of rows that are in the order of their cursors."""
    page, more = cut([row for row in rows if row[0] > call.text("after")], call)
    return Page([answer for _, answer in page], page[-1][0] if more else "")


def sortable(number: int) -> str:
    return f"{number:016d}"
