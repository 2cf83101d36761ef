"""Pages for the reader, for the author, and the API."""
