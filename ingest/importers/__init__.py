"""Readers of other archives' study folders: each writes a study folder of ours, with a report of what became of everything."""
