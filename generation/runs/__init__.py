"""A run folder on disk: its record, journals, tables, manifests and lock, and the check of all of them."""
