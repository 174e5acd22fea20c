"""IDR study folders (idr-metadata) → study folders of ours. See docs/importing-idr.md."""
