-- name: lost
-- One that has no row at all has ended, or was succeeded on its host. Who judges must have been heard itself all that time.
SELECT sender FROM unnest(%(senders)s::text[]) AS asked (sender) LEFT JOIN desk.process p ON p.id = asked.sender
WHERE (p.id IS NULL OR p.seen < clock_timestamp() - %(seconds)s * interval '1 second') AND EXISTS (
    SELECT FROM desk.process judge WHERE judge.id = %(judge)s AND judge.heard_since < clock_timestamp() - %(seconds)s * interval '1 second')
