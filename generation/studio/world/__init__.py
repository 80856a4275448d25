"""What can happen in a story world: its people, places and things, the acts with their preconditions and effects."""
