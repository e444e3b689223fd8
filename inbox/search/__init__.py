"""Search over messages, notes, file names and people: words → documents (indexing), query → hits (asking, finding)."""
