"""The plan: letters, lists and broadcasts as values, parsed and checked, and the calendar by which
they fall due. Pure; standard library only.
"""
