"""What a person may ask of who holds their data."""
