"""`manage.py doctor`: is everything there that the house needs, and what to do where it is not.

One module a part, each a function `look()` that yields findings. `examination` runs them; a part that breaks is a
finding too, never the end.
"""
