"""Files of people: read in fixed memory, tried out, brought in, reported."""
