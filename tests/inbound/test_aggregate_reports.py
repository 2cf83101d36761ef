"""DMARC aggregate reports: read within bounds, refused where they could grow or reach out."""

from __future__ import annotations

import base64
import gzip
import time
import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest

from engine.inbound.aggregate_report import (
    MAX_RECORDS,
    AggregateReport,
    ReportFault,
    ReportRecord,
    ReportRefused,
    parse_report,
    unpacked,
)
from engine.inbound.reading import NotUnderstood
from tests.inbound.mails import read

RECORD = """<record><row><source_ip>192.0.2.1</source_ip><count>{count}</count><policy_evaluated>
<disposition>none</disposition><dkim>{dkim}</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>garden.example</header_from></identifiers>
<auth_results><dkim><domain>garden.example</domain><result>pass</result></dkim></auth_results>
</record>"""
HEAD = """<?xml version="1.0" encoding="UTF-8"?>{doctype}<feedback{space}><report_metadata>
<org_name>google.example</org_name><email>noreply@google.example</email><report_id>123</report_id>
<date_range><begin>1764374400</begin><end>1764460799</end></date_range></report_metadata>
<policy_published><domain>Garden.example</domain><p>none</p></policy_published>"""


def xml(records: str = "", doctype: str = "", space: str = "") -> bytes:
    records = records or RECORD.format(count=7, dkim="pass") + RECORD.format(count=2, dkim="fail")
    return (HEAD.format(doctype=doctype, space=space) + records + "</feedback>").encode()


def zipped(octets: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("google.example!garden.example!1764374400!1764460799.xml", octets)
    return file.getvalue()


def mail(octets: bytes, kind: str, suffix: str) -> str:
    name = f"google.example!garden.example!1764374400!1764460799.{suffix}"
    return (
        "From: noreply@google.example\nTo: dmarc@garden.example\n"
        "Subject: Report domain: garden.example Submitter: google.example Report-ID: 123\n"
        f'Content-Type: {kind}; name="{name}"\nContent-Transfer-Encoding: base64\n\n'
        + base64.encodebytes(octets).decode()
    )


@pytest.mark.parametrize(
    ("octets", "kind", "suffix"),
    [
        (zipped(xml()), "application/zip", "zip"),
        (gzip.compress(xml()), "application/gzip", "xml.gz"),
        (xml(), "text/xml", "xml"),
        (gzip.compress(xml()), "application/octet-stream", "xml.gz"),
        (xml(space=' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"'), "application/xml", "xml"),
    ],
)
def test_a_report_is_read_however_it_is_packed(octets: bytes, kind: str, suffix: str) -> None:
    reading = read(mail(octets, kind, suffix))
    assert isinstance(reading, AggregateReport)
    assert (reading.organisation, reading.report_id) == ("google.example", "123")
    assert (reading.domain, reading.policy) == ("garden.example", "none")
    assert (reading.begin, reading.end) == (1764374400, 1764460799)
    assert (reading.letters, reading.passed) == (9, 7)
    assert reading.records[0] == ReportRecord(
        source_ip="192.0.2.1",
        count=7,
        disposition="none",
        dkim="pass",
        spf="fail",
        header_from="garden.example",
    )


BOMB = b" " * 26 * 1024 * 1024
ENTITIES = '<!DOCTYPE f [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE f SYSTEM "file:///etc/passwd">'
REFUSED: dict[str, tuple[Callable[[], bytes], ReportFault]] = {
    "a zip that grows": (lambda: zipped(BOMB), ReportFault.TOO_LARGE),
    "a gzip that grows": (lambda: gzip.compress(BOMB), ReportFault.TOO_LARGE),
    "entities": (lambda: xml(doctype=ENTITIES), ReportFault.DOCTYPE),
    "a file of the machine": (lambda: xml(doctype=OUTSIDE), ReportFault.DOCTYPE),
    "a broken zip": (lambda: zipped(xml())[:60], ReportFault.NOT_PACKED_WELL),
    "an empty zip": (lambda: b"PK\x05\x06" + b"\0" * 18, ReportFault.NOT_PACKED_WELL),
    "a broken gzip": (
        lambda: gzip.compress(xml())[:10] + b"\xff" * 40,
        ReportFault.NOT_PACKED_WELL,
    ),
    "no XML": (lambda: b"hello", ReportFault.NO_XML),
    "an encoding nobody knows": (
        lambda: b'<?xml version="1.0" encoding="x-klingon"?><feedback/>',
        ReportFault.NO_XML,
    ),
    "half a report": (lambda: gzip.compress(xml())[:300], ReportFault.NO_XML),
    "other XML": (lambda: b"<html></html>", ReportFault.NO_REPORT),
    "too many records": (
        lambda: xml(RECORD.format(count=1, dkim="pass") * (MAX_RECORDS + 1)),
        ReportFault.TOO_MANY_RECORDS,
    ),
    "elements inside each other": (lambda: b"<a>" * 100_000, ReportFault.TOO_MANY_RECORDS),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_do_harm_or_is_none_is_refused_and_kept(name: str) -> None:
    octets, fault = REFUSED[name]
    with pytest.raises(ReportRefused) as refused:
        parse_report(unpacked(octets()))
    assert refused.value.reason.code == fault
    reading = read(mail(octets(), "application/gzip", "xml.gz"))
    assert isinstance(reading, NotUnderstood) and reading.why.code == fault


def test_the_largest_report_takes_less_than_a_second() -> None:
    octets = gzip.compress(xml(RECORD.format(count=1, dkim="pass") * MAX_RECORDS))
    began = time.process_time()
    assert isinstance(read(mail(octets, "application/gzip", "xml.gz")), AggregateReport)
    assert time.process_time() - began < 1
