"""What the raw zone holds, a line a stream: for `voxpop doctor` and whoever looks at freshness."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from voxpop.config import Settings
from voxpop.raw.exclusions import exclusions
from voxpop.raw.manifests import Manifest, visible


@dataclass(frozen=True)
class StreamSummary:
    """One stream of one source.

    Attributes:
        source: its name in `sources.yml`.
        stream: which of its streams.
        batches: how many are visible.
        excluded: how many of them a person has taken out of the build.
        records: rows of all batches; a record that came again, changed, counts again.
        quarantined: rejected records of all batches.
        landed_up_to: the latest end of a window; None for files, or if nothing has landed.
        last_landed_at: when the newest batch was finished; None if nothing has landed.
        unfinished: windows or files whose landing was interrupted and waits for a rerun.
    """

    source: str
    stream: str
    batches: int
    excluded: int
    records: int
    quarantined: int
    landed_up_to: datetime | None
    last_landed_at: datetime | None
    unfinished: tuple[str, ...]


def summarize(settings: Settings) -> list[StreamSummary]:
    """Sum up every stream that has landed or begun to, by source and stream."""
    batches: dict[tuple[str, str], list[Manifest]] = defaultdict(list)
    for manifest in visible(settings):
        batches[manifest.source, manifest.stream].append(manifest)
    unfinished: dict[tuple[str, str], list[str]] = defaultdict(list)
    for cursor in settings.raw.glob("*/*/.landing/*/cursor.json"):
        *_, source, stream, _landing, key, _file = cursor.parts
        unfinished[source, stream].append(key)
    excluded = exclusions(settings)
    return [
        StreamSummary(
            source=source,
            stream=stream,
            batches=len(found),
            excluded=sum(manifest.batch_id in excluded for manifest in found),
            records=sum(manifest.records for manifest in found),
            quarantined=sum(manifest.quarantined for manifest in found),
            landed_up_to=max((each.window.end for each in found if each.window), default=None),
            last_landed_at=max((each.finished_at for each in found), default=None),
            unfinished=tuple(sorted(unfinished[source, stream])),
        )
        for source, stream in sorted({*batches, *unfinished})
        for found in [batches[source, stream]]
    ]
