"""Training views of a published dataset, and exports to the formats of other trainers."""
