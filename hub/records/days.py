"""Days and months on the clock of a zone, as spans of ms UTC. A day may have 23 or 25 hours. Pure."""

from datetime import UTC, date, datetime, timedelta, tzinfo

from hub.recurrence import Span


def date_of(at: int, zone: tzinfo) -> date:
    """The day that a time (ms UTC) lies in."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).date()


def midnight(day: date, zone: tzinfo) -> int:
    """When a day begins, ms UTC."""
    return round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)


def day_span(day: date, zone: tzinfo) -> Span:
    """From its midnight until the next."""
    return Span(midnight(day, zone), midnight(day + timedelta(days=1), zone))


def month_span(day: date, zone: tzinfo) -> Span:
    """The month that a day lies in."""
    first = day.replace(day=1)
    return Span(midnight(first, zone), midnight((first + timedelta(days=32)).replace(day=1), zone))
