"""The stored name of every event. A name is never renamed and never reused; a class may be. Change
of shape: raise its `v` and add an upcast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.installation import events as i
from engine.subscriber import events as s

AnyEvent = s.PersonEvent | i.InstallationEvent

NAMES: Mapping[str, type[AnyEvent]] = {
    "subscriber-registered": s.SubscriberRegistered,
    "profile-changed": s.ProfileChanged,
    "consent-requested": s.ConsentRequested,
    "consent-given": s.ConsentGiven,
    "ground-declared": s.GroundDeclared,
    "consent-confirmed": s.ConsentConfirmed,
    "consent-expired": s.ConsentExpired,
    "permission-asked": s.PermissionAsked,
    "permission-renewed": s.PermissionRenewed,
    "purpose-stopped": s.PurposeStopped,
    "consent-withdrawn": s.ConsentWithdrawn,
    "preferences-set": s.PreferencesSet,
    "list-joined": s.ListJoined,
    "list-left": s.ListLeft,
    "list-moved": s.ListMoved,
    "list-copied": s.ListCopied,
    "list-transferred": s.ListTransferred,
    "letter-answered": s.LetterAnswered,
    "move-undone": s.MoveUndone,
    "letter-begun": s.LetterBegun,
    "letter-sent": s.LetterSent,
    "letter-deferred": s.LetterDeferred,
    "letter-failed": s.LetterFailed,
    "letter-withheld": s.LetterWithheld,
    "letter-retried": s.LetterRetried,
    "letter-directed": s.LetterDirected,
    "letter-in-doubt": s.LetterInDoubt,
    "mail-bounced": s.MailBounced,
    "mail-complained": s.MailComplained,
    "subscriber-suppressed": s.SubscriberSuppressed,
    "subscriber-reachable": s.SubscriberReachable,
    "contact-noted": s.ContactNoted,
    "anchor-reached": s.AnchorReached,
    "call-honoured": s.CallHonoured,
    "segment-entered": s.SegmentEntered,
    "segment-left": s.SegmentLeft,
    "rules-applied": s.RulesApplied,
    "order-recorded": s.OrderRecorded,
    "order-refunded": s.OrderRefunded,
    "processing-restricted": s.ProcessingRestricted,
    "right-exercised": s.RightExercised,
    "right-extended": s.RightExtended,
    "right-answered": s.RightAnswered,
    "proof-archived": s.ProofArchived,
    "proof-opened": s.ProofOpened,
    "profile-read": s.ProfileRead,
    "subscriber-erased": s.SubscriberErased,
    "words-published": i.WordsPublished,
    "sequence-published": i.SequencePublished,
    "configuration-published": i.ConfigurationPublished,
    "versions-published": i.VersionsPublished,
    "notice-published": i.NoticePublished,
    "form-published": i.FormPublished,
    "broadcast-fell-due": i.BroadcastFellDue,
    "sending-paused": i.SendingPaused,
    "sending-resumed": i.SendingResumed,
    "ledger-restored": i.LedgerRestored,
    "retention-applied": i.RetentionApplied,
    "breach-recorded": i.BreachRecorded,
    "people-exported": i.PeopleExported,
    "publication-proposed": i.PublicationProposed,
    "publication-approved": i.PublicationApproved,
    "role-given": i.RoleGiven,
    "account-removed": i.AccountRemoved,
    "doctor-ran": i.DoctorRan,
    "form-tried": i.FormTried,
    "suppression-lifted": i.SuppressionLifted,
    "origin-begun": i.OriginBegun,
    "signing-key-changed": i.SigningKeyChanged,
    "clock-changed": i.ClockChanged,
}

RETIRED: frozenset[str] = frozenset()

VERSIONS: Mapping[str, int] = {}
"""Names whose current shape is not 1."""

UPCASTS: Mapping[tuple[str, int], Callable[[dict[str, object]], dict[str, object]]] = {}
"""(name, v) -> the pure function that gives the data of `v` the shape of `v + 1`."""

NAME_OF: Mapping[type[AnyEvent], str] = {kind: name for name, kind in NAMES.items()}

SINCE: Mapping[str, str] = {}
"""Names, shapes (`name v2`) and fields (`name.field`) that the first release did not know, with the
release that brought each: see `engine/ledger/admission.py`.
"""
