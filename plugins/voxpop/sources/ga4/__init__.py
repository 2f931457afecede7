"""Google Analytics 4: the daily tables of its BigQuery export, `events_YYYYMMDD`, as files.

Contract: "BigQuery Export schema" of Google Analytics. One stream, `events`. `events_intraday_…` is never
read: it holds the same events before they are complete. A daily table changes for 72 hours after its day, and
whoever exports it writes it anew, whole: so what landed last of a table replaces what landed before.
"""

from voxpop.sources.ga4.days import days_ended, end_of, name_of, start_of
from voxpop.sources.ga4.parse import Events, reading_sha256
from voxpop.sources.ga4.store import DailyTable, Store, TableFile, open_store
from voxpop.sources.ga4.tables import EVENTS_A_PART, Chunk, chunks, inspect

STREAM = "events"

__all__ = [
    "EVENTS_A_PART",
    "STREAM",
    "Chunk",
    "DailyTable",
    "Events",
    "Store",
    "TableFile",
    "chunks",
    "days_ended",
    "end_of",
    "inspect",
    "name_of",
    "open_store",
    "reading_sha256",
    "start_of",
]
