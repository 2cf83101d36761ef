"""A French installation is told in French what its embedded PostgreSQL is doing."""

from __future__ import annotations

from engine.i18n.language import translator
from engine.i18n.refused import in_words


def test_what_the_embedded_postgresql_says_of_its_progress_is_said_in_french() -> None:
    say = translator("fr")
    assert (
        in_words("Creating a new PostgreSQL in /srv/relance/data/postgres", say)
        == "Création d’un PostgreSQL neuf dans /srv/relance/data/postgres"
    )
    assert (
        in_words("PostgreSQL is stopping (12 s so far)", say)
        == "PostgreSQL s’arrête (12 s jusqu’ici)"
    )
