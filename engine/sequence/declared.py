"""What the installation declares about itself: who answers for it, how long it keeps what, who
works for it, and to which partners people may agree.

Published with the settings, so that what was declared on any day stands in the ledger. Durations
are counted on the calendar of [site] timezone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Literal, cast

from engine.frozen import dataclass
from engine.sequence.delay import Delay, parse_delay

NO_END = "no end"


@dataclass(frozen=True, slots=True)
class Controller:
    """Who answers for the data (GDPR 4(7), 30(1)(a)); "" is not said, and the papers refuse until
    it is. `representative` acts for it in law; `union_representative` is the one in the Union of a
    controller established outside (27). `security`: measures taken here (32(1)).
    """

    name: str = ""
    address: str = ""
    contact: str = ""
    representative: str = ""
    dpo: str = ""
    security: tuple[str, ...] = ()
    union_representative: str = ""


@dataclass(frozen=True, slots=True)
class Processor:
    """Who works on the data for the controller (GDPR 28). `country` is two letters (ISO 3166-1),
    `data` what they get to see, `guarantee` what allows it outside the European Economic Area (GDPR
    44-49), `engaged_by` the processor whose sub-processor it is (28(4)).
    """

    name: str
    task: str
    country: str
    contract: str
    data: tuple[str, ...]
    guarantee: str = ""
    engaged_by: str = ""


@dataclass(frozen=True, slots=True)
class Partner:
    """Somebody else for whose messages people may consent (D07): named where consent is asked.
    `notice` is where the partner informs (GDPR 14).
    """

    id: str
    name: str
    address: str
    notice: str


@dataclass(frozen=True, slots=True)
class Product:
    """What people can order: `code` is the shop's own, `name` what readers see."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept (D12, D14). `mode` "report" only says what would go.
    `suppression` None is no end.

    `silent_after`: since somebody was last heard of (C10), then they are asked once, and erased
    after `answer_within` without an answer. `unconfirmed`: requests for consent, from the asking.
    `proof`: evidence after the end of its ground or the erasure. `ip`: IP address and browser
    beside evidence. `delivery`: what a mail server said. `suppression`: addresses never to be
    written to. `rights`: requests of people after their answer. `logs`: what the operator's own
    machine keeps of standard error and of visits.
    """

    mode: Literal["report", "enforce"] = "report"
    nightly_cap: int = 500
    silent_after: Delay = Delay(months=36)
    answer_within: Delay = Delay(days=30)
    unconfirmed: Delay = Delay(days=30)
    proof: Delay = Delay(months=60)
    ip: Delay = Delay(months=12)
    delivery: Delay = Delay(months=13)
    suppression: Delay | None = None
    rights: Delay = Delay(months=60)
    logs: Delay = Delay(months=12)


DURATIONS = (
    "silent_after",
    "answer_within",
    "unconfirmed",
    "proof",
    "ip",
    "delivery",
    "rights",
    "logs",
)


DeclaredConsent = Literal["ask-first", "write"]
"""What becomes of a consent that a file declares without a proof: the person is asked once, or
written to.
"""


@dataclass(frozen=True, slots=True)
class Declared:
    controller: Controller = Controller()
    retention: Retention = Retention()
    processors: tuple[Processor, ...] = ()
    partners: tuple[Partner, ...] = ()
    consent: DeclaredConsent = "ask-first"
    products: tuple[Product, ...] = ()

    def partner(self, id: str) -> Partner | None:
        return next((partner for partner in self.partners if partner.id == id), None)

    @property
    def partners_version(self) -> str:
        """Names the whole list of partners as it is (D07): SHA-256 in hex of its canonical JSON; ""
        without partners.
        """
        return (
            hashlib.sha256(_canonical(_partners(self)).encode()).hexdigest()
            if self.partners
            else ""
        )


def plain(declared: Declared) -> dict[str, object]:
    """As it is published: JSON values only, every default written out, so that a later default
    changes nothing that was declared. Without products nothing is said of them.
    """
    c, r = declared.controller, declared.retention
    return {
        "controller": {
            "name": c.name,
            "address": c.address,
            "contact": c.contact,
            "representative": c.representative,
            "dpo": c.dpo,
            "security": list(c.security),
            "union_representative": c.union_representative,
        },
        "retention": {
            "mode": r.mode,
            "nightly_cap": r.nightly_cap,
            "suppression": str(r.suppression) if r.suppression is not None else NO_END,
            **{name: str(getattr(r, name)) for name in DURATIONS},
        },
        "processors": [
            {
                "name": p.name,
                "task": p.task,
                "country": p.country,
                "contract": p.contract,
                "data": list(p.data),
                "guarantee": p.guarantee,
                "engaged_by": p.engaged_by,
            }
            for p in declared.processors
        ],
        "partners": _partners(declared),
        "consent": {"declared": declared.consent},
        **({"products": products} if (products := _products(declared)) else {}),
    }


def from_plain(plain: Mapping[str, object]) -> Declared:
    """What `plain` wrote. Until there was a choice, whoever was declared was written to."""
    controller, retention = _table(plain, "controller"), _table(plain, "retention")
    return Declared(
        Controller(
            **{  # type: ignore[arg-type]
                key: tuple(map(str, v)) if isinstance(v, list) else str(v)
                for key, v in controller.items()
            }
        ),
        _retention(retention),
        tuple(_processor(entry) for entry in _tables(plain, "processors")),
        tuple(
            Partner(**{key: str(v) for key, v in entry.items()})
            for entry in _tables(plain, "partners")
        ),
        cast(DeclaredConsent, _table(plain, "consent").get("declared", "write")),
        tuple(
            Product(str(entry["code"]), str(entry["name"])) for entry in _tables(plain, "products")
        ),
    )


def _retention(plain: Mapping[str, object]) -> Retention:
    if not plain:
        return Retention()
    suppression = str(plain["suppression"])
    return Retention(
        cast(Literal["report", "enforce"], plain["mode"]),
        int(str(plain["nightly_cap"])),
        suppression=None if suppression == NO_END else parse_delay(suppression),
        **{name: parse_delay(str(plain[name])) for name in DURATIONS},
    )


def _processor(plain: Mapping[str, object]) -> Processor:
    words = {key: str(value) for key, value in plain.items() if key != "data"}
    data = plain["data"]
    return Processor(**words, data=tuple(map(str, data if isinstance(data, list) else ())))


def _partners(declared: Declared) -> list[dict[str, str]]:
    listed = sorted(declared.partners, key=lambda partner: partner.id)
    return [{"id": p.id, "name": p.name, "address": p.address, "notice": p.notice} for p in listed]


def _products(declared: Declared) -> list[dict[str, str]]:
    listed = sorted(declared.products, key=lambda product: product.code)
    return [{"code": product.code, "name": product.name} for product in listed]


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _table(plain: Mapping[str, object], key: str) -> Mapping[str, object]:
    table = plain.get(key, {})
    return table if isinstance(table, dict) else {}


def _tables(plain: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    tables = plain.get(key, [])
    return (
        [table for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    )
