"""What the proof of a ground must hold, by the door it came through (D02, D08, D09, D10), and what
of it is missing. Pure.

Each name must be present, or listed among `unknown` where the door allows that. A name that is
neither is a fault of the proof.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.frozen import dataclass

# In every proof: how, for what (with the digest of the purpose's words), on what ground, which
# texts were in force, who did it, and both dates.
ALWAYS = (
    *("method", "channel", "purpose", "purpose_digest", "basis", "configuration", "language", "by"),
    *("occurred_at", "recorded_at", "event", "commitment", "leaf"),
)
# What the person was shown, and what they did with it.
SHOWN = ("notice_digest", "page", "button", "visitor")
FORM = (
    "form",
    "form_digest",
    *SHOWN,
    "lists",
    "source",
    "campaign",
    "answers",
    "shown_at",
    "timezone",
    "age",
)
# For a double opt-in: the mail that asked, as it was handed over, the relay's answer, and the act
# that confirmed with its class (C05).
ASKED = (
    "request",
    "asked_at",
    "asked_by",
    "message_id",
    "mail_digest",
    "mail",
    "sent_at",
    "relay_code",
    "relay_words",
)
CONFIRMED = (
    "act",
    "confirm_button",
    "confirm_page",
    "confirm_digest",
    "confirm_visitor",
    "confirmed_at",
)
# For a declaration by somebody else: from where, on which proof, and that it is a declaration
# (D10).
DECLARED = ("declared", "source", "proof", "collected")
OF_COLLECTION = frozenset({*FORM, "box", "objection"}) - {"source", "lists"}
NOT_DECLARED = OF_COLLECTION | {"proof", "language"}
"""What whoever declares a ground may leave unknown."""


@dataclass(frozen=True, slots=True)
class Door:
    """`needs`: the names that must be present; `unknown`: those that may be declared unknown
    instead.
    """

    needs: tuple[str, ...]
    unknown: frozenset[str] = frozenset()


OPTIONAL = frozenset(
    {"source", "campaign", "shown_at", "timezone", "visitor", "confirm_visitor", "age"}
)
MAIL = frozenset({"relay_code", "relay_words", "sent_at"})

DOORS: Mapping[str, Door] = {
    "form": Door((*ALWAYS, *FORM), OPTIONAL),
    "form-confirmed": Door((*ALWAYS, *FORM, *ASKED, *CONFIRMED), OPTIONAL | MAIL),
    "page": Door((*ALWAYS, *SHOWN, "act", "message"), OPTIONAL),
    "click-confirmed": Door((*ALWAYS, *SHOWN, *ASKED, *CONFIRMED), OPTIONAL | MAIL),
    "answer": Door((*ALWAYS, *SHOWN, "act", "message", "link", "box"), OPTIONAL),
    "api": Door((*ALWAYS, *DECLARED, "call", *sorted(OF_COLLECTION)), NOT_DECLARED),
    "api-confirmed": Door((*ALWAYS, "source", "call", *ASKED, *CONFIRMED), OPTIONAL | MAIL),
    "import": Door(
        (*ALWAYS, *DECLARED, "import", "file", "line", *sorted(OF_COLLECTION)),
        NOT_DECLARED,
    ),
    "webhook": Door(
        (*ALWAYS, "trust", "delivery", "body_hash", "visitor", "lists"),
    ),
    "operator": Door((*ALWAYS, *DECLARED, *sorted(OF_COLLECTION)), NOT_DECLARED),
    "operator-confirmed": Door((*ALWAYS, "source", *ASKED, *CONFIRMED), OPTIONAL | MAIL),
}

# What a ground other than consent needs besides: D08 the sale, and that an objection was offered;
# D09 the profession the message is related to.
BASES: Mapping[str, tuple[str, ...]] = {
    "soft-optin": ("order", "objection"),
    "b2b": ("function", "objection"),
    "service": (),
    "consent": (),
}


def missing(particulars: Mapping[str, object]) -> list[str]:
    """The names that a ground's proof neither holds nor may leave unknown, in the order of the
    tables; an unknown door or basis counts as missing itself.
    """
    door = DOORS.get(str(particulars.get("method", "")))
    if door is None:
        return ["method"]
    basis = str(particulars.get("basis", ""))
    if basis not in BASES:
        return ["basis"]
    needs = door.needs + BASES[basis]
    # A form on another ground has no box for consent: there the press that confirmed is the
    # consent, on a page with words of its own.
    if (
        basis == "consent"
        and particulars.get("method") in ("form", "form-confirmed")
        and particulars.get("form_basis", "consent") == "consent"
    ):
        needs += ("box",)
    if particulars.get("partner") is not None:
        needs += ("partner.id", "partner.list")
    listed = particulars.get("unknown", ())
    unknown = (
        {str(name) for name in listed if name in door.unknown}
        if isinstance(listed, list | tuple)
        else set()
    )
    return [
        name
        for name in dict.fromkeys(needs)
        if not _holds(particulars, name) and name not in unknown
    ]


def _holds(particulars: Mapping[str, object], name: str) -> bool:
    outer, _, inner = name.partition(".")
    value = particulars.get(outer)
    if inner:
        return isinstance(value, Mapping) and _holds(value, inner)
    return value is not None and value != ""
