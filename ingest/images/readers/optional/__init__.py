"""Readers that need a library of their own: see `ingest.images.readers.extras`."""
