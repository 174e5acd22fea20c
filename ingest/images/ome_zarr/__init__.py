"""OME-Zarr in a study folder or on a server."""
