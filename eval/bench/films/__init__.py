"""Real films become a benchmark: questions written from shots and subtitles, with cited evidence, gated."""
