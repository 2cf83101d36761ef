"""The verbs of the command line, one file per thing an operator, author or auditor does."""
