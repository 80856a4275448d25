"""The proof on a CPU: a model of a million parameters learns from whole movies what clips do not teach it."""
