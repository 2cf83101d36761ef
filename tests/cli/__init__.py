"""The verbs of the command line, held to what they promise."""
