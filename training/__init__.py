"""A dataset becomes training rows and, later, a checkpoint."""
