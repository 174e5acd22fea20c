"""What everything stands on: the study model, the address charter, the engine, pictures, tables, pages. Knows no outside format."""
