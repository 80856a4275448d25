"""The offline writer's parts: the simulated world, its stories, how they are told and shown, and the questions."""
