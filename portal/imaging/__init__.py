"""From pixels to what a browser shows: levels, tiles, previews, sprites. Plain values in, bytes out; knows no study.

A change here that changes bytes needs a new version of the recipe `ingest.images.drawing:images`; the golden test of
`tests/imaging` says when.
"""
