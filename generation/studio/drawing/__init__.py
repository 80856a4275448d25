"""The offline painter's parts: pen and paper, people, things, places, light, and what of them can be seen."""
