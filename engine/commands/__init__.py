"""The one way in for facts about a person: load, decide, append, try again; in groups."""
