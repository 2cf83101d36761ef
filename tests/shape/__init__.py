"""The rules of the program, each a function from one source file to what breaks the rule in it."""
