"""From the outside world to the model: YAML with line numbers, tables, pixels, importers. Past here only frozen types travel."""
