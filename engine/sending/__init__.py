"""A letter falls due: taken, claimed, composed, delivered, and a fact again."""
