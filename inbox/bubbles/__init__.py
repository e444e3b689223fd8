"""What one message of a thread shows."""
