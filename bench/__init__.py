"""What it costs, each measure as a ratio to a limit found in the same run. `python -m bench`, or
`make bench`.
"""
