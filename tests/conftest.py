"""What holds for all tests."""

from hypothesis import settings

# How long an example takes on a busy machine says nothing of the code.
settings.register_profile("postroom", deadline=None)
settings.load_profile("postroom")
