"""The calls of a shop: an order was placed, an order was refunded.

An order's number makes the call harmless when it is repeated, with an Idempotency-Key or without.
"""

from __future__ import annotations

from fastapi.responses import JSONResponse

from engine.api.calls import ApiCall, Calls, response_of
from engine.api.problems import Problem, unreadable
from engine.api.stores import ApiStores
from engine.commands.command_handler import CommandRequest
from engine.commands.orders import record_requests, refund_request
from engine.i18n.in_words import in_english
from engine.intake.calls import Mistakes
from engine.intake.orders import read_order, read_refund
from engine.subscriber.outcome import Refused


class OrderCalls:
    """All raise Problem for what cannot be done."""

    def __init__(self, stores: ApiStores, calls: Calls) -> None:
        self.stores, self.calls = stores, calls

    def record(self, call: ApiCall) -> JSONResponse:
        now, plan = self.stores.clock.now(), self.stores.installation_stream.current().plan()
        order = read_order(call.body, plan, now)
        if isinstance(order, Mistakes):
            raise unreadable(order)
        self.calls.was_executed(call)
        facts: dict[str, object] = {"what": "order", "order": order.number}
        [request] = record_requests(
            self.stores.vault, [order], now, lambda order: self.calls.cause(call, facts)
        )
        return response_of(self.calls.execute(_allowed(request)), 201, "order recorded")

    def refund(self, call: ApiCall) -> JSONResponse:
        now, plan = self.stores.clock.now(), self.stores.installation_stream.current().plan()
        refund = read_refund(call.body, plan, now)
        if isinstance(refund, Mistakes):
            raise unreadable(refund)
        self.calls.was_executed(call)
        facts: dict[str, object] = {"what": "refund", "order": refund.number}
        request = refund_request(
            self.stores.vault, refund, now, self.calls.cause(call, facts), call.call_hash
        )
        return response_of(self.calls.execute(_allowed(request)), 201, "refund recorded")


def _allowed(request: CommandRequest | Refused) -> CommandRequest:
    if isinstance(request, Refused):
        raise Problem(422, in_english(request))
    return request
