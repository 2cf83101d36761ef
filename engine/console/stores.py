"""What the console is handed: the stores of all its rooms together. Each page module declares its
own, and is handed no more.
"""

from __future__ import annotations

from typing import Protocol

from engine.console.backup_pages import BackupPageStores
from engine.console.broadcast_form import BroadcastFormStores
from engine.console.broadcast_pages import BroadcastStores
from engine.console.connection_form import ConnectionStores
from engine.console.delivery_pages import DeliveryPageStores
from engine.console.dialogues import DialogueStores
from engine.console.form_pages import FormPageStores
from engine.console.import_pages import ImportPageStores
from engine.console.letters import LetterStores
from engine.console.operator_pages import OperatorStores
from engine.console.paper_pages import PaperPageStores
from engine.console.people_pages import PeopleStores
from engine.console.person_acts import ActStores
from engine.console.programme_page import ProgrammeStores
from engine.console.proof_pages import ProofPageStores
from engine.console.publish_pages import PublishStores
from engine.console.request_pages import RequestPageStores
from engine.console.results_of_people import PeopleResultStores
from engine.console.results_pages import ResultStores
from engine.console.segment_builder import BuilderStores
from engine.console.segment_pages import SegmentPageStores
from engine.console.sign_in import SignInStores
from engine.console.story_pages import StoryPageStores
from engine.console.timing_page import TimingStores
from engine.console.today import TodayStores
from engine.console.week_page import WeekPageStores
from engine.vault.vault import Vault
from engine.views import Views


class ConsoleStores(
    SignInStores,
    TodayStores,
    DialogueStores,
    TimingStores,
    LetterStores,
    PublishStores,
    PeopleStores,
    ActStores,
    RequestPageStores,
    PaperPageStores,
    OperatorStores,
    DeliveryPageStores,
    WeekPageStores,
    ProofPageStores,
    BackupPageStores,
    StoryPageStores,
    ResultStores,
    PeopleResultStores,
    BuilderStores,
    SegmentPageStores,
    ProgrammeStores,
    BroadcastFormStores,
    BroadcastStores,
    FormPageStores,
    ConnectionStores,
    ImportPageStores,
    Protocol,
):
    """Every Protocol of a page module."""

    @property
    def vault(self) -> Vault: ...
    @property
    def views(self) -> Views: ...
