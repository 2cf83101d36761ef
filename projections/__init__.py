"""Views: one per file, each derived from the ledger alone, and the loop that keeps them up to
date.
"""
