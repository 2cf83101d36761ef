"""What mailbox providers report of mail in our domain's name (DMARC, RFC 9990): by sending server,
how many mails were aligned. Kept for thirteen months of wall clock; names nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.frozen import dataclass
from engine.store.binary import bigints, texts
from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedSource:
    """`letters` mails from one server, by its IP address, that were `aligned` or not;
    `disposition` is what was done with them: none, quarantine, reject.
    """

    source: str
    aligned: bool
    disposition: str
    letters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SentInOurName:
    """What all reports on a domain say of one server since some instant; `reporters` is how many
    organisations have seen it.
    """

    domain: str
    source: str
    aligned: int
    unaligned: int
    reporters: int


class DmarcReports:
    def __init__(self, database: Database) -> None:
        self.database = database

    def add(
        self,
        *,
        organisation: str,
        report: str,
        domain: str,
        begin: int,
        sources: Sequence[ReportedSource],
    ) -> None:
        """`report` is its id, by which the same one again changes nothing; `begin` in seconds since
        1970, UTC.
        """
        values = {
            "organisation": organisation,
            "report": report,
            "domain": domain,
            "begin": begin,
            "sources": texts([one.source for one in sources]),
            "aligned": texts([str(one.aligned).lower() for one in sources]),
            "dispositions": texts([one.disposition for one in sources]),
            "letters": bigints([one.letters for one in sources]),
        }
        with self.database.connection() as connection:
            connection.execute(SQL["add"], values)

    def sources(self, since: int) -> list[SentInOurName]:
        """Of reports that begin at `since` (seconds since 1970) or later; who sent most first."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["sources"], {"since": since}).fetchall()
        return [
            SentInOurName(
                domain=str(domain),
                source=str(source),
                aligned=int(aligned),
                unaligned=int(unaligned),
                reporters=int(reporters),
            )
            for domain, source, aligned, unaligned, reporters in rows
        ]

    def forget(self) -> None:
        """Delete what is past its time to live."""
        with self.database.connection() as connection:
            connection.execute(SQL["forget"])
