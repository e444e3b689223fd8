"""The page of contacts and what a card holds."""
