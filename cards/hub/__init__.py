"""How a folder gets to the Hub: names, checks, stamping, the plan of commits, and the loop that carries it out."""
