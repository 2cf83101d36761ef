"""Relance under the worst a machine does to it: real processes, killed; a real database, mail
server, disk and network, taken away.
"""
