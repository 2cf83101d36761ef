"""What proves a ground, door by door."""
