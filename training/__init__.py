"""A dataset becomes a checkpoint. Nothing is here yet."""
