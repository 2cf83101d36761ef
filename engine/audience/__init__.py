"""Who is written to and when, as the author looks at it: the year's programme, and the days on
which a date of each reader's own comes round.
"""
