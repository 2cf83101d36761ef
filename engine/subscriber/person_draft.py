"""A person while their events are folded."""

from __future__ import annotations

from dataclasses import fields

from engine.frozen import frozen_as
from engine.subscriber.person import Person


class PersonDraft:
    """A person while their events are folded: fields are assigned, so an event costs only what it
    changes. Mappings and tuples are shared with the person it was made from: assign new ones, never
    change them in place.
    """

    __slots__ = tuple(field.name for field in fields(Person))

    def __init__(self, person: Person) -> None:
        self.take_over(person)

    def take_over(self, person: Person) -> None:
        self.version = person.version
        self.timezone = person.timezone
        self.language = person.language
        self.erased = person.erased
        self.restricted = person.restricted
        self.objected = person.objected
        self.suppressed = person.suppressed
        self.grounds = person.grounds
        self.requests = person.requests
        self.memberships = person.memberships
        self.left_at = person.left_at
        self.ways = person.ways
        self.mailings = person.mailings
        self.in_flight = person.in_flight
        self.last_move = person.last_move
        self.contradicted = person.contradicted
        self.mailed_before = person.mailed_before
        self.runs = person.runs
        self.calls = person.calls
        self.last_contact = person.last_contact
        self.bounces = person.bounces
        self.rights = person.rights
        self.answered = person.answered
        self.asked_first = person.asked_first
        self.reached = person.reached
        self.received = person.received
        self.answers = person.answers
        self.joined_at = person.joined_at
        self.orders = person.orders
        self.ordered = person.ordered
        self.preferences = person.preferences
        self.segments = person.segments
        self.ruled = person.ruled
        self.registered_at = person.registered_at
        self.profile_at = person.profile_at
        self.stopped = person.stopped
        self.measured_since = person.measured_since
        self.came_back = person.came_back
        self.doubted = person.doubted

    def frozen(self) -> Person:
        """The person as folded so far: the draft itself, which is changed no more from then on."""
        return frozen_as(Person, self)
