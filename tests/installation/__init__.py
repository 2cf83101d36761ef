"""The installation itself: what is published, what a breach leaves owed."""
