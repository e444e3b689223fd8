"""The practice phone as our screens see it."""
