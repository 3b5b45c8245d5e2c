"""The fault programme: breaks a running postroom at random moments under load, and counts with a ledger outside it."""
