"""A letter from its source text to what a reader receives: HTML and text, compiled once and
rendered per person.
"""
