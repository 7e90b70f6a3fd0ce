"""Requests that CloudWatch Logs refuses."""

from local.emulator.log_patterns import matcher
from local.emulator.rules.rule import Request, refuses


@refuses("logs", "FilterLogEvents", "PutMetricFilter", code="InvalidParameterException")
def invalid_filter_pattern(request: Request) -> str | None:
    """A term with other characters than letters, digits and underscores must be in double quotes, for example."""
    try:
        matcher(request.get("filterPattern", ""))
    except ValueError as error:
        return f"Invalid filter pattern: {error}"
    return None
