-- name: values_of_field
-- Asked when the type of a field is to change: each value that people have told, and how many told it.
SELECT fields->>%(field)s, count(*) FROM vault.person WHERE fields->>%(field)s <> '' GROUP BY 1
