"""What runs: supervisor, startup, listeners, serving, heartbeat, follower, scheduler, duties."""
