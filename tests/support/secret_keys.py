"""Keys of the application's secret, as the project's own environments name them."""

from pipeline.environment.loader import environment

SECRET_KEYS = environment("staging").all_secret_keys
