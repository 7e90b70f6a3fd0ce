"""The bucket for events, media and exports."""

from settings.field_types import (
    Days,
)
from settings.section import Section


class Storage(Section):
    """The S3 bucket, which stores raw events, media and batch exports.

    Media are never deleted automatically, since traces refer to them for an unlimited time.
    """

    events_expiration_days: Days = 30
    """Number of days after which raw events are deleted. Langfuse stores them in ClickHouse when they arrive, and reads
    the raw ones again only to replay them."""
    exports_expiration_days: Days = 7
    """Number of days after which batch exports, the files that users download, are deleted. Langfuse offers each of
    them for 24 hours."""
    deleted_retention_days: Days = 7
    """Number of days that the previous version of a deleted or overwritten object is kept, to restore it."""
