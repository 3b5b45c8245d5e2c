"""API v1: what the pages do, for programmes."""
