-- name: take
-- One host at a time reads a mailbox: whoever finds the lease ended takes it, with how far its mails are done. A mailbox that is read no more is
-- forgotten after three months.
WITH forgotten AS (DELETE FROM desk.inbox WHERE until < statement_timestamp() - interval '90 days' AND mailbox <> %(mailbox)s)
INSERT INTO desk.inbox AS held (mailbox, holder, until) VALUES (%(mailbox)s, %(holder)s, clock_timestamp() + %(seconds)s * interval '1 second')
ON CONFLICT (mailbox) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE held.until < clock_timestamp() OR held.holder = excluded.holder
RETURNING uid_validity, uid

-- name: keep
-- Nothing where another host has taken it meanwhile.
UPDATE desk.inbox SET until = clock_timestamp() + %(seconds)s * interval '1 second' WHERE mailbox = %(mailbox)s AND holder = %(holder)s RETURNING 1

-- name: advance
-- Mails up to this UID are done, and stay where they lie.
UPDATE desk.inbox SET uid_validity = %(uid_validity)s, uid = %(uid)s WHERE mailbox = %(mailbox)s AND holder = %(holder)s RETURNING 1

-- name: release
-- The next host need not wait for the lease to end.
UPDATE desk.inbox SET until = clock_timestamp() WHERE mailbox = %(mailbox)s AND holder = %(holder)s
