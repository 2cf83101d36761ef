"""What is written is written: names, exact bytes, and the store."""
