"""The author's and the operator's pages, on a port of their own: the command line's rooms, seen."""
