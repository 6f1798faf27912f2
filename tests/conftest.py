"""What every test shares: properties are about what code does, never about how long it took."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None, print_blob=True)
settings.load_profile("untimed")
