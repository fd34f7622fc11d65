"""Standard errors and tests: numbers in, numbers out."""
