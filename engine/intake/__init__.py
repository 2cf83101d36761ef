"""Readers: they turn what arrives from outside into a command or a refusal, and touch no store."""
