"""`relance doctor`: the installation looked at as mailbox providers and readers see it. Checks are
pure: they say what they would like to know of the world, and what follows from the answers.
"""
