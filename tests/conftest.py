"""Machines that build are noisy: how long an example took says nothing about it."""

import os

from hypothesis import settings

settings.register_profile("libra", deadline=None)
# A gate that rolls dice refuses changes for what others wrote: there, the same examples every time.
settings.register_profile("gate", deadline=None, derandomize=True, database=None)
settings.load_profile("gate" if "CI" in os.environ else "libra")
