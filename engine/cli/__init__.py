"""The command line: what is typed is read, a room is called, what it answers is printed."""
