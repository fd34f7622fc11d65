"""Analyses around the index: gaps, disconfirmation, drivers, tracking, league tables, journeys, mediation; numbers in, numbers out."""
