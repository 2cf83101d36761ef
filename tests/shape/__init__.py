"""The rules of the house, each a function from one source file to what breaks the rule in it."""
