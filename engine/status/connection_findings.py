"""What the facts mean about shops and mail services that call this installation. Apart from
findings.py, which is long.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.i18n.language import N_
from engine.status.facts import Facts
from engine.status.finding import Finding

LONG_REFUSED_SECONDS = 86_400
"""A test with a wrong secret is no finding: it is seen where it is made."""


def of_webhooks(facts: Facts) -> Iterator[Finding]:
    for webhook in facts.webhooks:
        values: dict[str, object] = {"name": webhook.name}
        if webhook.why is not None:
            what = N_("nothing is taken from the connection {name}: {why}")
            remedy = N_("put its secret there, at the console under Connections")
            yield Finding("webhook-secret", "stuck", what, remedy, {**values, "why": webhook.why})
        elif webhook.since > LONG_REFUSED_SECONDS:
            what = N_("for {since} every call of the connection {name} was refused: {n} calls")
            remedy = N_("`relance webhook log` says why; its sender may have another secret now")
            more = {"n": webhook.calls, "since": webhook.since}
            yield Finding("webhook-refused", "stuck", what, remedy, {**values, **more})
