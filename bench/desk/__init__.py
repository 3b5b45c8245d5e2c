"""``python -m bench desk``: the pages and the API in a large installation, with a whole team at work and mail coming in."""
