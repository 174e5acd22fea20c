"""The search index: one tokeniser in two languages, the catalogue in lunr, genes in key-range shards."""
