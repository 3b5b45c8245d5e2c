"""Frozen values and the words of the house. No input or output, no clock, no randomness."""
