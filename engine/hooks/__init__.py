"""Webhooks out: each `[[hook]]` of config.toml is told of the facts that it names."""
