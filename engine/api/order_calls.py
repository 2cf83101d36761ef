"""The calls of a shop: an order was placed, an order was refunded.

An order's number makes the call harmless when it is repeated, with an Idempotency-Key or without.
"""

from __future__ import annotations

from fastapi.responses import JSONResponse

from engine.api.api_call import Api, ApiCall, response_of
from engine.api.operation import ANSWER, Operation, Tag
from engine.api.problems import readable, refused
from engine.commands.command_handler import CommandRequest
from engine.commands.orders import record_requests, refund_request
from engine.intake.orders import ORDER, REFUND, read_order, read_refund
from engine.subscriber.outcome import Refused
from engine.words import N_


def record_order(api: Api, call: ApiCall) -> JSONResponse:
    now, plan = api.stores.clock.now(), api.plan()
    order = readable(read_order(call.body, plan, now))
    api.was_executed(call)
    facts: dict[str, object] = {"what": "order", "order": order.number}
    [request] = record_requests(
        api.stores.vault, [order], now, lambda order: api.cause(call, facts)
    )
    return response_of(api.execute(_allowed(request)), 201, "order recorded")


def record_refund(api: Api, call: ApiCall) -> JSONResponse:
    now, plan = api.stores.clock.now(), api.plan()
    refund = readable(read_refund(call.body, plan, now))
    api.was_executed(call)
    facts: dict[str, object] = {"what": "refund", "order": refund.number}
    request = refund_request(api.stores.vault, refund, now, api.cause(call, facts), call.call_hash)
    return response_of(api.execute(_allowed(request)), 201, "refund recorded")


def _allowed(request: CommandRequest | Refused) -> CommandRequest:
    if isinstance(request, Refused):
        raise refused(request)
    return request


OPERATIONS = (
    Operation(
        id="record_order",
        path="orders",
        scope="orders",
        tag=Tag.ORDERS,
        about=N_(
            "Somebody who is known ordered something. An order is recorded once, whatever the key."
        ),
        members=ORDER,
        answer=ANSWER,
        status=201,
        handler=record_order,
    ),
    Operation(
        id="record_refund",
        path="refunds",
        scope="orders",
        tag=Tag.ORDERS,
        about=N_(
            "An order was paid back, wholly or in part. Send a part under an Idempotency-Key:"
            " another call without one is another refund."
        ),
        members=REFUND,
        answer=ANSWER,
        status=201,
        handler=record_refund,
    ),
)
