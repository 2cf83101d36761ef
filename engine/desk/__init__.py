"""What is being worked on: clock, leases of senders, nonces, limits, keys. Not part of replay; each
table with its time to live.
"""
