"""What is computed from an estimate: fit, reliability, effects, indices."""
