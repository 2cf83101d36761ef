"""Where everything is kept: the embedded PostgreSQL, connections, and the stores on them."""
