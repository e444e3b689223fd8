"""`manage.py ingest`: stored webhook deliveries become conversations."""
