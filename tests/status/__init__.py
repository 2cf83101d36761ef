"""How it stands, and what that means."""
