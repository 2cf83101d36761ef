"""DMARC aggregate reports (RFC 9990, before that RFC 7489 appendix C): XML, packed by gzip, by zip
or not at all.

Bounded: 10 MB packed, 25 MB unpacked, 10,000 records. A DOCTYPE or an entity is refused, so that no
report can grow while it is read or name a file.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from enum import StrEnum, auto
from io import BytesIO
from typing import Final
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from engine.inbound.mail import Part
from engine.words import CodedError

MAX_PACKED_BYTES: Final = 10 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 25 * 1024 * 1024
MAX_RECORDS: Final = 10_000
MAX_ELEMENTS: Final = 500_000
MAX_DEPTH: Final = 20
MAX_VALUE_CHARACTERS: Final = 300
_CHUNK = 256 * 1024
_MAX_SECONDS_SINCE_1970 = 4_102_444_800


class ReportFault(StrEnum):
    """Why a report is not read."""

    TOO_LARGE = auto()
    TOO_MANY_RECORDS = auto()
    DOCTYPE = auto()
    NOT_PACKED_WELL = auto()
    NO_XML = auto()
    NO_REPORT = auto()


class ReportRefused(CodedError[ReportFault]):
    """The values are the bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRecord:
    """What one address of the network sent in our name. `dkim` and `spf` are "pass" where they were
    aligned, `disposition` what was done.
    """

    source_ip: str
    count: int
    disposition: str
    dkim: str
    spf: str
    header_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateReport:
    """`begin` and `end` in seconds since 1970, UTC."""

    organisation: str
    report_id: str
    begin: int
    end: int
    domain: str
    policy: str
    records: tuple[ReportRecord, ...]

    @property
    def letters(self) -> int:
        return sum(record.count for record in self.records)

    @property
    def passed(self) -> int:
        """How many had an aligned DKIM or SPF."""
        return sum(r.count for r in self.records if "pass" in (r.dkim, r.spf))


_PACKED = (
    "application/zip",
    "application/gzip",
    "application/x-gzip",
    "application/x-zip-compressed",
)
_XML = ("text/xml", "application/xml")
_SUFFIXES = (".xml", ".xml.gz", ".zip")


def holds_report(mail: Part) -> Part | None:
    """The part that is a report by its type and name, None where there is none: RFC 9990 names the
    file `receiver!domain!begin!end.xml.gz`.
    """
    about = "report domain:" in mail.words("subject").lower()
    for part in mail.walk():
        name = _file_name(part).lower()
        known = part.content_type in (*_PACKED, *_XML) or name.endswith(_SUFFIXES)
        if known and (about or name.count("!") >= 3):
            return part
    return None


def _file_name(part: Part) -> str:
    disposition = part.value("content-disposition")
    _, named, name = disposition.partition("filename=")
    return name.split(";")[0].strip(' "') if named else part.parameter("name")


def read_aggregate_report(part: Part) -> AggregateReport:
    """Raises ReportRefused."""
    return parse_report(unpacked(part.octets))


def unpacked(octets: bytes) -> bytes:
    """The XML, by what the octets are and not by what they are called. Raises ReportRefused."""
    if len(octets) > MAX_PACKED_BYTES:
        raise _too_large()
    try:
        if octets.startswith(b"\x1f\x8b"):
            unzipper = zlib.decompressobj(wbits=31)
            plain = unzipper.decompress(octets, MAX_UNPACKED_BYTES + 1)
        elif octets.startswith(b"PK"):
            with ZipFile(BytesIO(octets)) as archive:
                [member, *_] = archive.infolist()
                with archive.open(member) as file:
                    plain = file.read(MAX_UNPACKED_BYTES + 1)
        else:
            plain = octets
    except (
        BadZipFile,
        zlib.error,
        ValueError,
        EOFError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise ReportRefused(ReportFault.NOT_PACKED_WELL) from error
    if len(plain) > MAX_UNPACKED_BYTES:
        raise _too_large()
    return plain


def _too_large() -> ReportRefused:
    return ReportRefused(ReportFault.TOO_LARGE, megabytes=MAX_UNPACKED_BYTES // 1024 // 1024)


@dataclass(slots=True)
class _Gathering:
    """What stands in the elements that were asked for, by their path below `feedback`."""

    path: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    elements: int = 0
    meta: dict[str, str] = field(default_factory=dict)
    record: dict[str, str] = field(default_factory=dict)
    records: list[ReportRecord] = field(default_factory=list)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name.rpartition(":")[2].lower())
        self.text.clear()
        self.elements += 1
        if self.elements > MAX_ELEMENTS or len(self.path) > MAX_DEPTH:
            raise ReportRefused(ReportFault.TOO_MANY_RECORDS, records=MAX_RECORDS)

    def characters(self, text: str) -> None:
        if len(self.text) < MAX_VALUE_CHARACTERS:
            self.text.append(text)

    def end(self, name: str) -> None:
        place = "/".join(self.path[1:])
        value = "".join(self.text).strip()[:MAX_VALUE_CHARACTERS]
        if place == "record":
            self._finish_record()
        elif place.startswith("record/"):
            self.record.setdefault(place, value)
        elif value:
            self.meta.setdefault(place, value)
        self.path.pop()
        self.text.clear()

    def _finish_record(self) -> None:
        if len(self.records) == MAX_RECORDS:
            raise ReportRefused(ReportFault.TOO_MANY_RECORDS, records=MAX_RECORDS)
        known = self.record
        evaluated = "record/row/policy_evaluated/"
        self.records.append(
            ReportRecord(
                source_ip=known.get("record/row/source_ip", ""),
                count=_number(known.get("record/row/count", "")),
                disposition=known.get(f"{evaluated}disposition", ""),
                dkim=known.get(f"{evaluated}dkim", ""),
                spf=known.get(f"{evaluated}spf", ""),
                header_from=known.get("record/identifiers/header_from", ""),
            )
        )
        self.record = {}


def parse_report(xml: bytes) -> AggregateReport:
    """Raises ReportRefused."""
    parser, gathered = expat.ParserCreate(), _Gathering()
    parser.StartElementHandler = gathered.start
    parser.EndElementHandler = gathered.end
    parser.CharacterDataHandler = gathered.characters
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.EntityDeclHandler = _refuse_doctype
    parser.buffer_text = True
    try:
        for begin in range(0, len(xml), _CHUNK):
            parser.Parse(xml[begin : begin + _CHUNK], False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ReportRefused(ReportFault.NO_XML) from error
    except (LookupError, UnicodeError) as error:  # an encoding that nobody knows
        raise ReportRefused(ReportFault.NO_XML) from error
    meta = gathered.meta
    if "report_metadata/report_id" not in meta or "policy_published/domain" not in meta:
        raise ReportRefused(ReportFault.NO_REPORT)
    return AggregateReport(
        organisation=meta.get("report_metadata/org_name", ""),
        report_id=meta["report_metadata/report_id"],
        begin=_number(meta.get("report_metadata/date_range/begin", "")),
        end=_number(meta.get("report_metadata/date_range/end", "")),
        domain=meta["policy_published/domain"].lower(),
        policy=meta.get("policy_published/p", ""),
        records=tuple(gathered.records),
    )


def _refuse_doctype(*_: object) -> None:
    raise ReportRefused(ReportFault.DOCTYPE)


def _number(text: str) -> int:
    """0 for what is no number that can be meant."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 12):
        return 0
    return min(int(text), _MAX_SECONDS_SINCE_1970)
