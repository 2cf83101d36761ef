-- name: listed
-- Of one address, typed by an operator.
SELECT reason, at FROM vault.suppression WHERE address_hash = %(hash)s

-- name: counted
-- Of the whole list but for people who are known; for a page and a verb, which nobody waits long for.
SELECT reason, count(*) FROM vault.suppression AS listed
WHERE NOT EXISTS (SELECT FROM vault.person AS known WHERE known.address_hash = listed.address_hash)
GROUP BY reason ORDER BY 2 DESC, 1

-- name: take_off
-- Never one that the person asked for, whoever was quicker.
DELETE FROM vault.suppression WHERE address_hash = %(hash)s AND reason = ANY(%(reasons)s::text[])
