"""New movies from scenes of known ones: their truth is known, so their questions are computed again."""
