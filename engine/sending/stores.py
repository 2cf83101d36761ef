"""What the sending room is given: the stores it writes to, and of the ledger, the views and the
secrets only the functions and the key it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.commands.command_handler import CommandHandler
from engine.config import Config
from engine.desk.approvals import Approvals
from engine.desk.clock import Clock
from engine.desk.desk import Desk
from engine.desk.leases import BucketLeases
from engine.desk.lost_senders import LostSenders
from engine.desk.processes import Processes
from engine.desk.shaping import ShapingDesk
from engine.installation.stream import InstallationStream
from engine.proof.cached_checkpoint import CheckpointSource
from engine.sending.due_queue import DueQueue
from engine.subscriber.due_rows import DueRows
from engine.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingStores:
    """`sender` is the name of this process in the ledger and on the desk."""

    sender: str
    config: Config
    clock: Clock
    installation_stream: InstallationStream
    command_handler: CommandHandler
    vault: Vault
    desk: Desk
    processes: Processes
    shaping: ShapingDesk
    agenda: DueRows
    leases: BucketLeases
    ledger_head: Callable[[], int]
    confirm_ledger: Callable[[], None]
    """Raises Restored where the ledger was put back beneath this process."""
    checkpoints: CheckpointSource
    approvals: Approvals
    lost_senders: LostSenders
    size_of: Callable[[str], tuple[int, int] | None]
    """Width and height in pixels of a picture as it is served."""
    link_key: bytes
    """Signs the tokens of links."""

    def new_queue(self) -> DueQueue:
        """What is due, for a sender of this name that has taken nothing yet."""
        return DueQueue(self.agenda, self.leases, self.sender)
