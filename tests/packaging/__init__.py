"""What packaging/ makes, tried where it can be: the wheel, the service, packages and images."""
