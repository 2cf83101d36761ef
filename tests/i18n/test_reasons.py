"""A reason is a value: equal by its class, its code and what its words need."""

from __future__ import annotations

from engine.imports.refusals import RowFault
from engine.intake.address import AddressFault
from engine.subscriber.outcome import NothingToDo, Refusal, Refused, Unchanged
from engine.words import Reason


def test_two_reasons_are_equal_by_code_and_values_in_whatever_order() -> None:
    one = Refused(Refusal.GROUP_YIELDS, group="clients", other="prospects")
    assert one == Refused(Refusal.GROUP_YIELDS, other="prospects", group="clients")
    assert len({one, Refused(Refusal.GROUP_YIELDS, other="prospects", group="clients")}) == 1
    assert one != Refused(Refusal.GROUP_YIELDS, group="clients", other="clients")


def test_what_is_refused_is_never_what_is_unchanged() -> None:
    refused: object = Refused(Refusal.ERASED)
    assert refused != NothingToDo(Unchanged.ERASED)
    assert refused != Reason(Refusal.ERASED)


def test_codes_of_two_sets_are_two_reasons_though_they_be_spelled_alike() -> None:
    address: object = Reason(AddressFault.CONTROL_CHARACTER)
    assert AddressFault.CONTROL_CHARACTER.value == RowFault.CONTROL_CHARACTER.value
    assert address != Reason(RowFault.CONTROL_CHARACTER)
