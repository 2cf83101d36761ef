"""What the domain name system says, of any domain."""
