"""Folders as instruments write them."""
