"""The rules about a person: commands, events, the state they fold into, and the decisions. Pure: no
clock, no randomness, no I/O.
"""
