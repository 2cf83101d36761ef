"""The command line: what is typed is read, a room is called, what it answers is printed.

A verb is a line of `verbs`, its arguments stand in one of the files `arguments_of_…`, and
`dispatch` says which function carries it out. The module of the typed verb is the only one that is
imported: that is why a verb with nothing in common with others has a module of its own, however
short.
"""
