"""From image files to what the viewer shows: which files are images of what (`names`, `batches`), what a file holds (`opening` and
the readers beside it), and the recipe that draws a batch of them (`drawing`)."""
