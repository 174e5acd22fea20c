"""Source tables → samples: joins, wells, targets, phenotypes, each in a module of its own; `ingest.samples` is the recipe."""
