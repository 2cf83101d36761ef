"""What runs: supervisor, startup, listeners, heartbeat, follower, scheduler, daily duties."""
