"""What the plan of a dialogue promises."""
