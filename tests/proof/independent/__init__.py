"""A second verifier, written from docs/format.md alone, that shares nothing with the program."""
