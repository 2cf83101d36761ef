-- name: snapshot
-- Both sides of a comparison are read in one snapshot.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ
