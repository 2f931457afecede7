"""What a quarter files under OMB Circular A-11 section 280, read from a release."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb

from voxpop.export.cells import Cell, Sheet
from voxpop.export.columns import COLLECTION, DETAIL, QUESTIONS, SCORES, SUMMARY, UPLOAD
from voxpop.quarter import Quarter

_ORDER = "service_id, survey_id, survey_version, channel nulls last"


@dataclass(frozen=True)
class Filing:
    """A quarter's files.

    Attributes:
        collections: a row a service.
        details: a row a survey, version and channel of a collection.
        summary: the details in the shape that was published of fiscal years 2018 to 2024.
        questions: how many gave each answer, by Likert question of a detail, in that shape.
        uploads: the responses, a sheet a detail that has any; named by service, survey, version and channel.
    """

    collections: Sheet
    details: Sheet
    summary: Sheet
    questions: Sheet
    uploads: Sequence[Sheet]

    @property
    def responses(self) -> Sheet:
        """All uploads in one, each row after the name of its upload."""
        rows = [(upload.name, *row) for upload in self.uploads for row in upload.rows]
        return Sheet("responses", ("upload", *UPLOAD), rows)


def read(connection: duckdb.DuckDBPyConnection, quarter: Quarter) -> Filing:
    """Read a quarter.

    Args:
        connection: on a release's database.
        quarter: which.

    Returns:
        Its files; they have no rows where nobody answered a filed survey in it.
    """
    details = _records(
        connection, "a11_280_collection_details", (*DETAIL, "survey_id", "survey_version"), _ORDER, quarter
    )
    collections = _records(connection, "a11_280_collections", COLLECTION, "service_id", quarter)
    answers = _answers(connection, quarter)
    statements = _statements(connection)
    return Filing(
        collections=Sheet(
            "cx_collections", COLLECTION, [[one[name] for name in COLLECTION] for one in collections]
        ),
        details=Sheet("cx_collection_details", DETAIL, [[one[name] for name in DETAIL] for one in details]),
        summary=Sheet("summary", SUMMARY, [_summary(one, answers.get(one["id"], {})) for one in details]),
        questions=Sheet(
            "questions",
            QUESTIONS,
            [
                row
                for one in details
                for row in _questions(one, answers.get(one["id"], {}), statements, quarter)
            ],
        ),
        uploads=_uploads(connection, details, quarter),
    )


def _records(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], order: str, quarter: Quarter
) -> list[dict[str, Any]]:
    rows = connection.execute(
        f"select {', '.join(columns)} from marts.{table} where quarter_start = ? order by {order}",  # noqa: S608
        [quarter.start],
    ).fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _answers(
    connection: duckdb.DuckDBPyConnection, quarter: Quarter
) -> dict[str, dict[str, tuple[int, ...]]]:
    """Detail → driver → how many gave 1 to 5; of five-point agreement alone: no scale becomes another."""
    rows = connection.execute(
        """
        select
            r.cx_collection_detail_id, a.driver,
            count(*) filter (a.score = 1), count(*) filter (a.score = 2), count(*) filter (a.score = 3),
            count(*) filter (a.score = 4), count(*) filter (a.score = 5)
        from marts.a11_280_responses as r
        inner join marts.fct_survey_answers as a on a.response_id = r.external_id
        where r.quarter_start = ? and a.scale = 'likert_5'
        group by all
        """,
        [quarter.start],
    ).fetchall()
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for detail, driver, *counts in rows:
        found.setdefault(detail, {})[driver] = tuple(counts)
    return found


def _statements(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, int, str], str]:
    """Survey, version and driver → the wording of its question."""
    rows = connection.execute(
        "select distinct s.survey_id, s.survey_version, q.driver, q.statement from marts.dim_surveys as s "
        "inner join marts.dim_questions as q on q.instrument = s.instrument where q.role = 'core'"
    ).fetchall()
    return {(survey, version, driver): statement for survey, version, driver, statement in rows}


def _whose(detail: Mapping[str, Any]) -> list[Cell]:
    return [
        detail["organization_name"],
        detail["organization_abbreviation"],
        detail["organization_id"],
        detail["cx_collection_service_provider_name"],
        detail["cx_collection_service_provider_slug"],
        detail["cx_collection_fiscal_year"],
        detail["cx_collection_quarter"],
        detail["service_name"],
        detail["transaction_point"],
        detail["channel"],
    ]


def _summary(detail: Mapping[str, Any], answers: Mapping[str, tuple[int, ...]]) -> list[Cell]:
    return [
        *_whose(detail),
        detail["volume_of_customers"],
        detail["volume_of_customers_provided_survey_opportunity"],
        detail["volume_of_respondents"],
        *(mean(answers[driver]) if driver in answers else None for driver in SCORES),
    ]


def mean(counts: Sequence[int]) -> Decimal:
    """The mean of 1 to 5 from how many gave each: two decimals, rounded once, half away from zero."""
    total = sum(points * count for points, count in enumerate(counts, start=1))
    # Exact: the quotient is rounded, not a float near it.
    hundredths = (Decimal(total) * 100 / Decimal(sum(counts))).quantize(Decimal(1), ROUND_HALF_UP)
    return hundredths.scaleb(-2)


def _questions(
    detail: Mapping[str, Any],
    answers: Mapping[str, tuple[int, ...]],
    statements: Mapping[tuple[str, int, str], str],
    quarter: Quarter,
) -> list[list[Cell]]:
    return [
        [
            *_whose(detail),
            number,
            driver,
            statements[detail["survey_id"], detail["survey_version"], driver],
            *answers[driver],
            5,
            detail["volume_of_respondents"],
            None,
            sum(answers[driver]),
            quarter.start,
            quarter.last,
        ]
        for number, driver in enumerate(SCORES, start=1)
        if driver in answers
    ]


def _uploads(
    connection: duckdb.DuckDBPyConnection, details: Sequence[Mapping[str, Any]], quarter: Quarter
) -> list[Sheet]:
    rows = connection.execute(
        f"select cx_collection_detail_id, {', '.join(UPLOAD)} from marts.a11_280_responses "  # noqa: S608
        "where quarter_start = ? order by external_id",
        [quarter.start],
    ).fetchall()
    found: dict[str, list[tuple[Cell, ...]]] = {}
    for detail, *cells in rows:
        found.setdefault(detail, []).append(tuple(cells))
    return [Sheet(_name(one), UPLOAD, found[one["id"]]) for one in details if one["id"] in found]


def _name(detail: Mapping[str, Any]) -> str:
    """What it holds, and the first eight digits of the detail's id, by which a person finds its row."""
    version = f"v{detail['survey_version']}"
    parts = (detail["service_id"], detail["survey_id"], version, detail["channel"] or "unknown-channel")
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", "_".join((*parts, detail["id"][:8])))
