"""A run on a Ray cluster: shards as tasks, limits that hold for all nodes, one view of the whole."""
