"""One module a format: what a file says, and its pixels."""
