"""What is personal: commitments to it, and what is kept."""
