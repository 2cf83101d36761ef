"""It is seen: one view per file, each derived from the ledger alone, and the loop that follows the
ledger.
"""
