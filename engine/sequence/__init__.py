"""What is said, to whom and when: the plan as values, its reading, its checking, its calendar.
Pure; standard library only.
"""
