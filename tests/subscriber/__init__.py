"""What is decided about a person: one file per thing a person does."""
