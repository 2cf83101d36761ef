"""What an auditor asks, computed from the ledger and what the vault still keeps: a story, a
contested letter, who was known to be where on a day.
"""
