"""Providers that receive, and what sending to them promises."""
