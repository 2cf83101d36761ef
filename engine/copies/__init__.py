"""Copies of the database, taken and put back: what is personal apart from what is not, and nobody
who has left ever brought back.
"""
