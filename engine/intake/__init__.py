"""Readers: each turns outside input into a command or a refusal, and touches no store. Pure."""
