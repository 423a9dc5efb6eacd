"""Configures the logs: one line of JSON per event for machines, or plain text for people."""

import structlog

from backoffice.settings import Settings


def configure(settings: Settings) -> None:
    """Write logs to standard output: as JSON if `LOG_JSON` is set or in production."""
    as_json = settings.log_json or settings.production
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(),
        ]
    )
