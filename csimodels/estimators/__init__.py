"""Estimators: moments and a parameter table in, an estimate out."""
