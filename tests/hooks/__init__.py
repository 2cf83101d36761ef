"""Who is told of facts: what leaves, when it is tried again, and where it may not go."""
