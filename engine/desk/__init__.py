"""What is being worked on: clock, taken rows, nonces, limits, keys. Not part of replay; each table
with its time to live.
"""
