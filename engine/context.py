"""What the command line and the supervisor are handed by `app.py`: every store, opened.

Nothing below them imports this module: a room declares the stores that it takes, in a Protocol that
a context satisfies or in a dataclass that a context fills. What belongs to one room is brought in
when that room is handed its stores: a verb does without the rooms of all others.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from engine.authoring.served_assets import ServedAssets
from engine.desk.approvals import Approvals
from engine.desk.awaited_orders import AwaitedOrders
from engine.desk.clock import wall_now
from engine.desk.console import ConsoleDesk
from engine.desk.dmarc_reports import DmarcReports
from engine.desk.hooks import HookDesk
from engine.desk.leases import BucketLeases
from engine.desk.lost_senders import LostSenders
from engine.desk.operations import Operations
from engine.desk.processes import Processes
from engine.desk.robot import RobotDesk
from engine.desk.shaping import ShapingDesk
from engine.desk.webhook_calls import WebhookCalls
from engine.ledger.assets import Assets
from engine.store.scrubbing import Scrubbed
from engine.vault.accounts import Accounts
from engine.vault.field_counts import FieldCounts
from engine.vault.inbound_mail import InboundMails
from engine.vault.searches import Searches

if TYPE_CHECKING:
    from engine.api.stores import ApiStores
    from engine.commands.command_handler import CommandHandler
    from engine.config import Config
    from engine.desk.clock import Clock
    from engine.desk.desk import Desk
    from engine.hooks.stores import HookStores
    from engine.imports.stores import ImportStores
    from engine.inbound.handling import InboundStores
    from engine.installation.publishing import ShownWords
    from engine.installation.stream import InstallationStream
    from engine.ledger.store import Ledger
    from engine.proof.ledger_tree import LedgerTree
    from engine.runtime.rollback_detection import RollbackDetection
    from engine.secret_files import Secrets
    from engine.sending.compose import Composer
    from engine.sending.stores import SendingStores
    from engine.sequence.model import Plan
    from engine.simulation.live import Recurring
    from engine.store.database import Database
    from engine.vault.vault import Vault
    from engine.views import Views
    from engine.web.stores import FormStores, LinkStores, OwnDataStores
    from engine.web.visit_counts import VisitCounts
    from engine.webhooks.receiving import WebhookStores


@dataclass(frozen=True, kw_only=True)
class AppContext:
    """One installation with its stores opened and brought up to date. Immutable; shared by threads
    as far as each store says.
    """

    config: Config
    secrets: Secrets
    database: Database
    ledger: Ledger
    vault: Vault
    desk: Desk
    clock: Clock
    installation_stream: InstallationStream
    command_handler: CommandHandler
    views: Views
    sender: str
    """This process's opaque name in the ledger and on the desk, fresh at each start."""
    rollback_detection: RollbackDetection
    tree: LedgerTree
    shown_words: Callable[[Plan], ShownWords]
    """What people agree on under a plan, as the pages of this program render it."""
    recurrences: Recurring
    """The instants that a cron line names."""
    store_trouble: Callable[[], str] = lambda: ""
    """Why the embedded PostgreSQL could not be started again if it ended now; "" where it could,
    and for a database elsewhere.
    """
    scrub: Callable[[], Scrubbed] = lambda: Scrubbed(True)
    """Removes what was deleted from the database's files, with its owner's rights."""

    @cached_property
    def visit_counts(self) -> VisitCounts:
        """Visits to links of letters that this process has not written down yet."""
        from engine.web.measured_visits import MeasuredVisits
        from engine.web.visit_counts import VisitCounts

        measured = MeasuredVisits(
            self.ledger,
            self.vault,
            self.command_handler,
            self.installation_stream,
            self.secrets.link_key,
        )
        return VisitCounts(self.desk, time.monotonic, measured)

    @property
    def assets(self) -> Assets:
        return Assets(self.database, self.config.data / "published")

    def served_assets(self) -> ServedAssets:
        """What is behind `/a/`."""
        return ServedAssets(self.installation_stream, self.assets, self.config.sequences)

    @property
    def field_counts(self) -> FieldCounts:
        return FieldCounts(self.database)

    @property
    def accounts(self) -> Accounts:
        return Accounts(self.database)

    @property
    def searches(self) -> Searches:
        return Searches(self.database)

    @property
    def console_desk(self) -> ConsoleDesk:
        return ConsoleDesk(self.database)

    @property
    def robot_desk(self) -> RobotDesk:
        return RobotDesk(self.database)

    @property
    def operations(self) -> Operations:
        return Operations(self.database)

    @property
    def inbound_mails(self) -> InboundMails:
        return InboundMails(self.database)

    @property
    def dmarc_reports(self) -> DmarcReports:
        return DmarcReports(self.database)

    @property
    def shaping(self) -> ShapingDesk:
        return ShapingDesk(self.database)

    @property
    def webhook_calls(self) -> WebhookCalls:
        return WebhookCalls(self.database)

    @property
    def awaited_orders(self) -> AwaitedOrders:
        return AwaitedOrders(self.database)

    @property
    def processes(self) -> Processes:
        return Processes(self.database)

    @property
    def hook_desk(self) -> HookDesk:
        return HookDesk(self.database)

    def hooks(self) -> HookStores:
        """What tells the targets of `[[hook]]`."""
        from engine.hooks.stores import HookStores

        return HookStores(
            folder=self.config.folder,
            desk=self.hook_desk,
            ledger=self.ledger,
            restored=lambda: self.installation_stream.current().restored,
            now=wall_now,
            chance=random.random,
        )

    def sending(self) -> SendingStores:
        """What a sender of this installation is handed."""
        from engine.sending.stores import SendingStores

        return SendingStores(
            sender=self.sender,
            config=self.config,
            clock=self.clock,
            installation_stream=self.installation_stream,
            command_handler=self.command_handler,
            vault=self.vault,
            desk=self.desk,
            processes=self.processes,
            shaping=self.shaping,
            agenda=self.views,
            leases=BucketLeases(self.database),
            ledger_head=self.ledger.head,
            confirm_ledger=self.rollback_detection.confirm,
            checkpoints=self.tree,
            size_of=self.served_assets().size_of,
            approvals=Approvals(self.database, self.sender),
            lost_senders=LostSenders(self.database, self.sender),
            link_key=self.secrets.link_key,
        )

    def importing(self) -> ImportStores:
        """What an import is handed."""
        from engine.imports.stores import ImportStores

        return ImportStores(
            language=self.config.site.language,
            zone=self.config.site.timezone,
            fields=self.config.settings.fields,
            clock=self.clock,
            vault=self.vault,
            installation_stream=self.installation_stream,
            command_handler=self.command_handler,
        )

    def inbound(self) -> InboundStores:
        """What handles mails that came in."""
        from engine.inbound.handling import InboundStores

        return InboundStores(
            config=self.config,
            clock=self.clock,
            desk=self.desk,
            ledger=self.ledger,
            vault=self.vault,
            command_handler=self.command_handler,
            letters=self.views,
            mails=self.inbound_mails,
            reports=self.dmarc_reports,
            robot=self.robot_desk,
            link_key=self.secrets.link_key,
        )

    def forms(self) -> FormStores:
        """What the pages of forms are handed."""
        from engine.web.stores import FormStores

        return FormStores(
            config=self.config,
            clock=self.clock,
            vault=self.vault,
            desk=self.desk,
            installation_stream=self.installation_stream,
            command_handler=self.command_handler,
            nonce_key=self.secrets.nonce_key,
            pepper=self.secrets.pepper,
        )

    def own_data(self) -> OwnDataStores:
        """What the pages of a person's own data are handed."""
        from engine.web.stores import OwnDataStores

        return OwnDataStores(
            config=self.config,
            clock=self.clock,
            ledger=self.ledger,
            vault=self.vault,
            desk=self.desk,
            tree=self.tree,
            installation_stream=self.installation_stream,
            command_handler=self.command_handler,
            nonce_key=self.secrets.nonce_key,
            pepper=self.secrets.pepper,
        )

    def api(self) -> ApiStores:
        """What the HTTP API is handed."""
        from engine.api.stores import ApiStores

        def composer() -> Composer:
            from engine.proof.cached_checkpoint import CachedCheckpoint
            from engine.sending.compose import Composer

            newest, size_of = CachedCheckpoint(self.tree), self.served_assets().size_of
            return Composer(self.config, self.secrets.link_key, newest, size_of)

        return ApiStores(
            config=self.config,
            clock=self.clock,
            ledger=self.ledger,
            vault=self.vault,
            desk=self.desk,
            tree=self.tree,
            installation_stream=self.installation_stream,
            command_handler=self.command_handler,
            open_rights=self.views.open_rights,
            views=self.views,
            field_counts=self.field_counts,
            shown_words=self.shown_words,
            reading_notes=ConsoleDesk(self.database),
            recurrences=self.recurrences,
            composer=composer,
            assets=self.assets,
            hook_desk=self.hook_desk,
            webhook_calls=self.webhook_calls,
            pepper=self.secrets.pepper,
        )

    def webhooks(self) -> WebhookStores:
        """What the address of shops and mail services is handed."""
        from engine.webhooks.receiving import WebhookStores

        return WebhookStores(
            config=self.config,
            clock=self.clock,
            desk=self.desk,
            ledger=self.ledger,
            vault=self.vault,
            installation_stream=self.installation_stream,
            command_handler=self.command_handler,
            letters=self.views,
            calls=self.webhook_calls,
            awaited=self.awaited_orders,
        )

    def links(self) -> LinkStores:
        """What the pages behind links are handed."""
        from engine.web.stores import LinkStores

        return LinkStores(
            site=self.config.site,
            clock=self.clock,
            ledger=self.ledger,
            vault=self.vault,
            desk=self.desk,
            installation_stream=self.installation_stream,
            command_handler=self.command_handler,
            folds=self.views.folds,
            link_key=self.secrets.link_key,
            nonce_key=self.secrets.nonce_key,
            pepper=self.secrets.pepper,
            visit_counts=self.visit_counts,
        )


class Opening(Protocol):
    """Opens the stores, all of which are checked; the views not where they may be broken."""

    def __call__(
        self, *, views_may_be_broken: bool = False
    ) -> AbstractContextManager[AppContext]: ...


@dataclass(frozen=True)
class DatabaseContext:
    """One installation whose database answers and whose stores are not opened: for verbs that
    replace what is in it, or change on what terms it opens.
    """

    config: Config
    secrets: Secrets
    owner: str
    """The conninfo of the role that may create schemas and roles."""
    open_context: Opening
