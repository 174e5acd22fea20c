"""Arrow tables → Parquet, facts, manifest, data dictionary: the dump of DESIGN §4, a contract with analysts."""
