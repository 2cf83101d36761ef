"""A further host joins."""
