"""How it stands: the facts gathered, and what they mean, for the screen, for monitors and for
`/health` alike.
"""
