"""What can be asked of a movie: logical forms, who can answer them with what, and their wording."""
