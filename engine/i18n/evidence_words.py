"""Evidence from the vault, for display: its names and fixed values in the reader's language; what a
person wrote stays as it is. In English the names are those of `docs/format.md`, which an auditor
looks up.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.i18n.language import N_, Say

NAMES = frozenset(
    {
        N_("act"), N_("address"), N_("age"), N_("answer"), N_("answers"), N_("asked_at"),
        N_("asked_by"), N_("basis"), N_("box"), N_("browser"), N_("button"), N_("by"), N_("call"),
        N_("campaign"), N_("channel"), N_("choice"), N_("code"), N_("collected"), N_("complained"),
        N_("configuration"), N_("confirmed_at"), N_("declared"), N_("door"), N_("email"),
        N_("enhanced"), N_("errors"), N_("fields"), N_("file"), N_("form"), N_("form_digest"),
        N_("from"), N_("function"), N_("import"), N_("ip"), N_("key"), N_("language"), N_("line"),
        N_("link"), N_("list"), N_("lists"), N_("mail"), N_("mail_digest"), N_("message"),
        N_("message_id"), N_("method"), N_("name"), N_("notice_digest"), N_("objection"),
        N_("operator"), N_("order"), N_("page"), N_("partner"), N_("proof"), N_("purpose"),
        N_("purpose_digest"), N_("reason"), N_("received_at"), N_("referrer"), N_("relay_code"),
        N_("relay_words"), N_("request"), N_("right"), N_("seen"), N_("sent_at"), N_("shown"),
        N_("shown_at"), N_("source"), N_("stage"), N_("timezone"), N_("tls"), N_("unknown"),
        N_("unsubscribed"), N_("visitor"), N_("words"),
    }
)  # fmt: skip
VALUES = frozenset(
    {
        N_("True"), N_("False"), N_("command line"), N_("consent"), N_("soft-optin"), N_("service"),
        N_("operator"), N_("import"), N_("form"), N_("api"), N_("page"), N_("answer"), N_("email"),
        N_("human_button"), N_("auto_submit"), N_("one_click"), N_("mail_client"),
    }
)  # fmt: skip
FREE = frozenset(
    {
        "words",
        "source",
        "file",
        "relay_words",
        "reason",
        "button",
        "answers",
        "fields",
        "page",
        "proof",
        "objection",
        "name",
    }
)
"""What somebody wrote: never taken for a fixed value, even where it reads like one."""


def in_detail(particulars: Iterable[tuple[str, str]], _: Say) -> Iterable[tuple[str, str]]:
    """Each name and value in the language of `_`; a dotted name piece by piece, a list of names one
    by one.
    """
    for name, value in particulars:
        parts = name.split(".")
        label = ".".join(_(part) if part in NAMES else part for part in parts)
        if name == "unknown":
            value = ", ".join(_(code) if code in NAMES else code for code in value.split(", "))
        elif value in VALUES and FREE.isdisjoint(parts):
            value = _(value)
        yield label, value
