"""Three hosts over one PostgreSQL with a standby, each a network namespace of this machine: a host
is killed, cut off, paused, set to a wrong time; the database fails over. `make cluster` prints what
came of it. Linux and root alone.
"""
