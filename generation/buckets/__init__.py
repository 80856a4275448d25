"""A run in a bucket: what is made here is kept there, and committed under a condition that only one maker can meet."""
