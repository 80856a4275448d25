"""Pictures while they are made: portraits, scores, the choice among candidates, the trial of the first frames."""
