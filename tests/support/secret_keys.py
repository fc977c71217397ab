"""Keys of the application's secret, as the project's own environments name them."""

import support.some_source  # noqa: F401 - before the environments are read

from pipeline.environment.loader import environment

SECRET_KEYS = environment("staging").all_secret_keys
