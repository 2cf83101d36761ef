"""A page's form as a visitor finds it, and filled in by somebody who has no wishes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

MAX_INPUTS = 200
ANSWER, DAY = "Robot", "2000-01-01"


@dataclass(slots=True)
class Input:
    kind: str
    name: str
    value: str = ""
    required: bool = False
    visible: bool = True


@dataclass(slots=True)
class PageForm:
    """`action` as it stands in the page."""

    action: str = ""
    inputs: list[Input] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[PageForm] = []
        self._open: PageForm | None = None
        self._select: Input | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = PageForm(given.get("action", ""))
            self.forms.append(self._open)
        elif self._open is None or len(self._open.inputs) > MAX_INPUTS:
            return
        elif tag in ("input", "select", "textarea") and given.get("name"):
            kind = given.get("type", "text").lower() if tag == "input" else tag
            entry = Input(
                kind,
                given["name"],
                given.get("value", "on" if kind in ("checkbox", "radio") else ""),
                "required" in given,
                given.get("tabindex") != "-1",
            )
            self._open.inputs.append(entry)
            self._select = entry if tag == "select" else None
        elif tag == "option" and self._select is not None and not self._select.value:
            self._select.value = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None


def first_form(page: str) -> PageForm | None:
    """None where the page has none that is sent anywhere."""
    reader = _Reader()
    reader.feed(page)
    return next((form for form in reader.forms if form.action), None)


def filled(form: PageForm, address: str) -> str:
    """The body of the POST, as browsers write it: what must be answered is, all else is left as it
    stands.
    """
    pairs: list[tuple[str, str]] = []
    chosen: set[str] = set()
    for entry in form.inputs:
        match entry.kind:
            case "submit" | "button" | "image" | "reset" | "file":
                continue
            case "hidden":
                pairs.append((entry.name, entry.value))
            case "email":
                pairs.append((entry.name, address))
            case "checkbox":
                pairs += [(entry.name, entry.value)] if entry.required else []
            case "radio":
                if entry.required and entry.name not in chosen:
                    chosen.add(entry.name)
                    pairs.append((entry.name, entry.value))
            case "select":
                pairs.append((entry.name, entry.value if entry.required else ""))
            case "date":
                pairs.append((entry.name, DAY if entry.required else entry.value))
            case "number":
                pairs.append((entry.name, "1" if entry.required else entry.value))
            case _:
                wanted = entry.required and entry.visible and not entry.value
                pairs.append((entry.name, ANSWER if wanted else entry.value))
    return urlencode(pairs)
