"""Views: one per file, each derived from the ledger alone, and the loop that feeds them."""
