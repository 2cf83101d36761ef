"""Facts about the installation itself rather than about a person: what is published, what is
paused, which broadcasts fell due. Pure.
"""
