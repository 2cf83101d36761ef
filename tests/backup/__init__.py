"""Copies of the database, taken and put back."""
