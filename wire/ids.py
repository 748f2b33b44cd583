"""Identifiers and number types of the wire, each with its bound."""

from typing import Annotated

from pydantic import Field, StringConstraints

SlugId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
"""A site, agent, device or room. No dots or spaces: some brokers refuse them in topics."""

MetricName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""snake_case with a unit suffix, as in the catalogue (`fill_ratio`, `clock_offset_seconds`)."""

EventType = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}(\.[a-z][a-z0-9_]{0,31}){0,3}$")]
"""Dotted, from the general to the special: `door.opened`, `door.access_denied`."""

ReportId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{6,32}:(0|[1-9][0-9]{0,14})$")]
"""`{spool}:{seq}`; the spool part is random and minted at every agent start, so cloned disks never reuse an id."""

IdRange = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{6,32}:(0|[1-9][0-9]{0,14})(-[1-9][0-9]{0,14})?$")]
"""One report id, or `{spool}:{first}-{last}` for a closed range of them."""

Revision = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,64}$")]
"""A content hash: lower-case hex of SHA-256, or a prefix of it."""

Millis = Annotated[int, Field(ge=0, le=253_402_300_799_999)]
"""Milliseconds UTC since 1970-01-01; the upper bound is the end of the year 9999."""

Count = Annotated[int, Field(ge=0, le=1_000_000_000_000_000)]
"""A whole number that every JSON reader and database holds exactly."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
"""Any number but NaN and the infinities, which the series databases refuse."""

ShortText = Annotated[str, StringConstraints(max_length=200)]
"""A name or a reason a person may read."""
