"""A vault of the first release is brought up to date with what is in it, and forgets the samples
PostgreSQL had taken of it.
"""

from __future__ import annotations

from pathlib import Path

import psycopg

from engine.store.migrate import VAULT_MIGRATIONS
from tests.conftest import MakeContext
from tests.privacy.garden import FILES, Anna, Everything
from tests.running_installation import Installations

AS_IT_WAS = """
DROP TABLE vault.archive, vault.former_address;
ALTER TABLE vault.person ALTER COLUMN address SET STATISTICS DEFAULT,
  ALTER COLUMN fields SET STATISTICS DEFAULT;
ALTER TABLE vault.evidence ALTER COLUMN salt SET STATISTICS DEFAULT,
  ALTER COLUMN payload SET STATISTICS DEFAULT;
"""


def test_samples_of_the_personal_are_dropped_and_not_taken_again(
    make_context: MakeContext, installations: Installations
) -> None:
    anna = Anna(make_context(FILES)).joins()
    for number in range(3):
        Anna(
            anna.context, address=f"reader{number}@lecteurs.example", name=f"Reader{number}"
        ).joins()
    database = Everything.of(installations, anna.context)
    with psycopg.connect(database.conninfo, autocommit=True) as owner:
        owner.execute(AS_IT_WAS.encode())
        owner.execute("ANALYZE")
        assert ("samples of vault.person", "address") in database.found("lecteurs.example")
        owner.execute(Path(VAULT_MIGRATIONS / "0003_rights.sql").read_bytes())
        owner.execute(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA vault TO PUBLIC"
        )
        owner.execute("ANALYZE")
    assert {table for table, _column in database.found("lecteurs.example")} == {
        "vault.person",
        "vault.evidence",
    }
    assert (
        anna.context.vault.find(anna.address) == anna.stream
        and len(anna.context.vault.evidence_of(anna.stream)) == 1
    )
