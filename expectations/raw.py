"""What must hold of raw: its batches' shape and volume, and what became of every record.

The tested tables are the evidence that `stage` writes into a candidate.
"""

from __future__ import annotations

from collections.abc import Mapping

from expectations.rules import Rule, Suite, never

_FILE = "if(regexp_full_match(file, '[A-Za-z0-9_. -]{1,100}'), file, 'a file whose name is not shown')"
_BATCH = f"if(file is null, batch_id, concat({_FILE}, ' (', batch_id, ')'))"
"""What to call a batch: a file's name first, since its id only has a hash of it."""

COLUMNS = ", ".join(
    [
        "record_id string",
        "source_updated_at timestamp[us, tz=UTC]",
        "fetched_at timestamp[us, tz=UTC]",
        "batch_id string",
        "kind string",
        "payload string",
        "payload_hash string",
        "identifiers list<element: struct<type: string not null, token: string not null, "
        "key_version: int32 not null> not null>",
    ]
)
"""What a part holds, as Arrow names it."""


def raw_batches(source: str, policy: Mapping[str, float]) -> Suite:
    """Batches that no release rests on yet: one row per batch of raw, `is_new` or not.

    Args:
        source: SQL for the rows.
        policy: the agency's.
    """
    limit, factor = policy["quarantine_max_share"], policy["raw_volume_max_factor"]
    return Suite(
        "raw_batches",
        source,
        [
            _of_new(
                "the parts have the columns of raw", f"part_columns <> '{COLUMNS}' and part_columns <> ''"
            ),
            _of_new("the manifest counts the records that the parts hold", "records <> part_rows"),
            _of_new("every record has an id", "without_id > 0"),
            _of_new("every record is of its batch", "of_another_batch > 0"),
            _of_new("a record is kept once a batch", "distinct_records <> part_rows"),
            _of_new("the manifest counts what is in quarantine", "quarantined <> quarantine_rows"),
            _of_new(
                "received is records, quarantined and duplicates together",
                "received <> records + quarantined + duplicates",
            ),
            never(
                f"at most {limit:.0%} of a batch is in quarantine",
                f"is_new and quarantined > {limit} * received",
                blame="format('{} of {} rows ({:.0f}%) of {} are in quarantine: {}', quarantined, received,"
                f" 100 * quarantined / received, {_BATCH}, quarantine)",
            ),
            never(
                "no record is of a day that its batch could not know yet",
                "after_known > 0",
                blame="format('{} of {} records of {} lie after {}', after_known, records,"
                f" {_BATCH}, known_to)",
            ),
            never(
                "no record of a file is of a day long after the tools' last",
                "ahead_of_tools > 0",
                blame="format('{} of {} records of {} lie long after {}', ahead_of_tools, records,"
                f" {_BATCH}, tools_end)",
                warns_because="a tool that is late leaves files ahead, and a mistyped date does this too"
                " (since 2026-11-26)",
            ),
            Rule(
                f"a batch has at most {factor:g} times more or fewer records a day than its stream's median",
                f"""
                select {_BATCH} as blame
                from (
                    select
                        *,
                        records / window_days as a_day,
                        median(records / window_days) over (partition by source, stream) as usual,
                        count(*) over (partition by source, stream) as batches
                    from tested
                    where window_days is not null
                )
                where is_new and batches > 5
                    and (a_day * {factor} < usual or a_day > usual * {factor})
                """,  # noqa: S608 - a number of the policy
                warns_because="holidays, campaigns and outages do this too (since 2026-11-22)",
            ),
        ],
    )


SEEDS = {
    "survey": "surveys",
    "question": "question_crosswalk",
    "service": "services",
    "organization": "organizations",
    "queue": "contact_queues",
    "segment": "segments",
    "channel": "channel_aliases",
    "location code": "channel_aliases",
}
"""What a source may name → the seed that has to describe it."""

ONLY_WARNS = {
    "location code": "it comes with the link that a visitor followed, which anybody can change; the answer "
    "is in no channel's figures (since 2026-11-26)"
}
"""What is no reason to hold a release back → why."""


def _of_new(name: str, where: str) -> Rule:
    return never(name, f"is_new and ({where})", blame=_BATCH)


def reconciliation(source: str) -> Suite:
    """What became of the records: one row per source, stream and day."""
    day = f"concat_ws(' ', source, stream, day, {_BATCH})"
    return Suite(
        "reconciliation",
        source,
        [
            never(
                "every record that landed is in a fact or known to be of no survey",
                "unaccounted > 0",
                blame=day,
            ),
            never("every fact has a record that landed", "surplus > 0", blame=day),
            never(
                "landed is counted, not counted and of no known survey together",
                "landed + surplus <> counted + not_counted + unknown_survey + unaccounted",
                blame=day,
            ),
        ],
    )


def web_tables(source: str) -> Suite:
    """What became of a website's events: one row per source and daily table, and one per source alone."""
    return Suite(
        "web_tables",
        source,
        [
            never(
                "of every daily table what landed last is staged, whole and alone",
                "landed <> staged",
                blame="concat_ws(' ', source, table_name, batch_id)",
            ),
            never(
                "every event of a visitor is in one session",
                "table_name is null and staged <> in_sessions",
                blame="source",
            ),
            Rule(
                "no daily table is missing between two others",
                """
                select concat_ws(' ', source, 'has no table of', table_day + 1) as blame
                from (
                    select
                        source,
                        strptime(right(table_name, 8), '%Y%m%d')::date as table_day,
                        lead(table_day) over (partition by source order by table_day) as next_day
                    from tested
                    where table_name is not null
                )
                where next_day > table_day + 1
                """,
                warns_because="an export may fail for a day; what is there is right, and that day is missing"
                " (since 2026-11-26)",
            ),
        ],
    )


def unknown(source: str) -> Suite:
    """What landed and no seed describes: one row per kind, source and name."""
    shown = "if(regexp_full_match(name, '[A-Za-z0-9_. -]{1,60}'), name, 'a name that is not shown')"
    blame = f"concat_ws(' ', source_system, {shown}, 'in', records, 'records, such as of', {_BATCH})"
    return Suite(
        "unknown",
        source,
        [
            never(
                f"every {kind} is in the seed {seed}",
                f"kind = '{kind}'",
                blame=blame,
                warns_because=ONLY_WARNS.get(kind),
            )
            for kind, seed in SEEDS.items()
        ],
    )


def answers(source: str, policy: Mapping[str, float]) -> Suite:
    """What became of the answers: one row per source, question and status.

    Args:
        source: SQL for the rows.
        policy: the agency's.
    """
    limit = policy["out_of_range_max_share"]
    return Suite(
        "answers",
        source,
        [
            Rule(
                f"at most {limit:.0%} of a question's answers are outside of its scale",
                f"""
                select concat_ws(' ', source_system, question_id) as blame
                from tested
                group by source_system, question_id
                having coalesce(sum(answers) filter (status = 'out_of_range'), 0)
                    > {limit} * sum(answers) filter (status in ('valid', 'out_of_range'))
                """,  # noqa: S608 - a number of the policy
                warns_because="they are in no figure, but the form may have changed (since 2026-11-22)",
            )
        ],
    )
