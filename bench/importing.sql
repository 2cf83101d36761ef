-- name: everybody
-- Who is known before and after an import.
SELECT subscriber FROM vault.person
