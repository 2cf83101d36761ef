"""It is written: the names of events, their exact bytes, and the append-only store."""
