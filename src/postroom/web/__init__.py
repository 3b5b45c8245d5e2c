"""Pages and API for people and machines; today: health and metrics."""
