"""Backup and restore: one folder with a dump of the database, all media in one archive, and a manifest of both.

`making` writes it, `restoring` reads it into an empty house, `afterwards` is what must happen before the house opens
again. The keys of stored tokens (FIELD_KEYS) are never in it: the manifest only says which ones are needed.
"""
