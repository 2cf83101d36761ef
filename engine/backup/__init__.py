"""The database copied and put back; who has left since stays gone."""
