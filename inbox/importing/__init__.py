"""People from a table: the file is read, its columns are understood, each row is judged, and only then applied."""
