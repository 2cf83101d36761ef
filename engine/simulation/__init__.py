"""Simulates a dialogue before it is published: a reader answers as the author says, and the code
that decides for real people decides. Pure.
"""
