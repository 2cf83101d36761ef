"""From a due letter to its outcome: taken, claimed, composed, delivered, recorded."""
