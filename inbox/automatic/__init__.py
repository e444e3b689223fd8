"""Automatic messages: when which is due, and what they say."""
