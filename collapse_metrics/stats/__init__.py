"""How sure are we? Exact tests, corrections and intervals: arrays in, numbers out."""
