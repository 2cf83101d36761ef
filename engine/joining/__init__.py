"""A further host is given configuration and secrets by one that works, over TLS and once."""
