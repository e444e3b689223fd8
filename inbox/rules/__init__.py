"""Rules of the assignment: matching them (pure), what they are asked about, their words, and trying them out."""
