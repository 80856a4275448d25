"""A movie as a film: pictures with their durations, camera moves, subtitles and voices in one MP4."""
