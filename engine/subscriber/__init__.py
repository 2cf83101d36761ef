"""It is decided: commands, events, the person they fold into, and the rules. Pure."""
