"""Judging: rules, phrases, threads, history and the blend that makes a decision of them. Pure; start reading at `judge`."""
