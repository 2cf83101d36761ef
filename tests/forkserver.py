"""What the server of `tests.forked` has ready before it forks: every module of the program, and
what each verb would otherwise read again. Imported by that server alone.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
from pathlib import Path
from unittest.mock import patch

import engine
import projections
import tests.forked
from engine.i18n.language import LANGUAGES, translator
from engine.sequence.timing import known_zones
from engine.store import cluster
from engine.store.sql import Queries

for package in (engine, projections):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if module.name != "engine.__main__":
            importlib.import_module(module.name)
for language in LANGUAGES:
    translator(language)
known_zones()
assert tests.forked
# PostgreSQL takes a quarter of the memory, lays it out at each start and looks through it at each
# end: on a large machine that is most of what a short verb costs.
cluster.CGROUP_LIMITS = (Path(__file__).with_name("memory.max"),)
# A process has PostgreSQL check three hundred statements when it first opens a database. The test
# processes have the same ones checked for the installations they make; tests/store tests the check.
patch.object(Queries, "check", lambda self, connection: None).start()
# What is there is shared with the processes that are forked, and stays so.
gc.freeze()
