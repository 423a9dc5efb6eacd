"""Logs: one line of JSON per event where machines read them, plain text where people do."""

import structlog

from backoffice.settings import Settings


def configure(settings: Settings) -> None:
    """Write to standard output; as JSON if `LOG_JSON` says so or the product is in production."""
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
