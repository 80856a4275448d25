"""Can a question be answered without what it asks for? Solvers, what they are asked, and what follows from scores."""
