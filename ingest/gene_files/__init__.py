"""Files of gene names and orthologs that portal.yaml declares → what `portal.naming` writes down. Study tables are not read here."""
