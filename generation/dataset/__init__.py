"""A dataset folder: its columns, splits, Parquet files and manifest, the facts for its card, and its check."""
