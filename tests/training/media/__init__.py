"""Films for a model."""
