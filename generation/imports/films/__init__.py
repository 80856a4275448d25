"""Real films become movies: decoded in processes of their own, cut into shots and scenes, with what is said."""
