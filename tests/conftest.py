"""Machines that build are noisy: how long an example took says nothing about it."""

from hypothesis import settings

settings.register_profile("libra", deadline=None)
settings.load_profile("libra")
