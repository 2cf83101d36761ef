"""A dialogue lived through before it runs, by a reader who answers as told, with the same code that
decides for real people. Pure.
"""
