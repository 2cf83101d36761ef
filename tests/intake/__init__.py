"""What the readers of outside data promise."""
