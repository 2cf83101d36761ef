"""What the stores promise, on a real PostgreSQL."""
