"""The doctor: what it says of a world that is in order, and of one that is not."""
