"""Stock models, tiny: opened, trained a step, saved, asked."""
