"""What does happen: goals, obstacles, plans and sub-plots, told scene by scene into a log."""
