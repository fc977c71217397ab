"""Log lines on a terminal, as they were written."""

import logging

from prefect.logging.handlers import PrefectConsoleHandler


class PlainConsoleHandler(PrefectConsoleHandler):
    """Prints as Prefect's handler does, without emojis: those of an ARN with ``:secret:`` in it are none.

    Prefect has no setting for it. Named by PREFECT_LOGGING_HANDLERS_CONSOLE_CLASS.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        try:
            self.console.print(self.format(record), soft_wrap=True, emoji=False)
        except Exception:  # noqa: BLE001 - as every handler of logging: a log line ends no run
            self.handleError(record)
