"""What sending promises."""
