"""What a stage of training is: its recipe, what of the model learns, and what watches while it does."""
