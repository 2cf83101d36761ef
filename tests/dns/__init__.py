"""Names, and a name server of our own that answers for them."""
