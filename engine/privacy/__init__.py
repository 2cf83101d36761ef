"""What a person may ask, how long what is kept, and the papers the law wants."""
