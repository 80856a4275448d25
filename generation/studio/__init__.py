"""The offline studio: a writer that simulates stories and a painter that draws them, on a CPU, without any key."""
