"""The tables that the page reads, in a database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.unit.report.tables import CELLS, NEWER


@pytest.fixture
def marts(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables that the page reads, filled by hand: two quarters, three services, one of them withheld."""
    connection = duckdb.connect(str(tmp_path / "voxpop.duckdb"))
    connection.execute(
        """
        create schema marts;
        create table marts.dim_organizations as select 'dps' as organization_id,
            'Department of <Public> Services' as organization_name, null::varchar as parent_organization_id;
        create table marts.dim_services as select * from (values ('a', 'Get a passport'),
            ('b', 'Trace a refund'), ('c', 'Vital records'), ('d', 'Plan <a> payment')
            ) t(service_id, service_name);
        create table marts.dim_channels as select * from (values ('phone', 'Phone', 'service_level_seconds'),
            ('email', 'Email', 'service_level_email_seconds'),
            ('sms_text_messages', 'Text messages', 'service_level_message_seconds'),
            ('website', 'Website', null)) t(channel, channel_name, service_level);
        create table marts.dim_surveys as select * from (values
            ('a-cx', 1, 'touchpoints', 'Passport: feedback'), ('c-cx', 1, 'touchpoints', 'Records: feedback')
            ) t(survey_id, survey_version, source_system, survey_name);
        create table marts.cx_index(period_type varchar, period_start date, period_label varchar,
            breakdown varchar, member varchar, scale varchar, measure varchar, driver varchar, n bigint,
            value double, low double, high double, standard_error double, suppressed boolean, low_n boolean,
            drivers varchar,
            interval_kind varchar default 'indicative', is_weighted boolean default false,
            band varchar, band_uncertain boolean,
            weighted_value double, weighted_low double, weighted_high double,
            volume_value double, volume_low double, volume_high double, held_from varchar);
        create table marts.contact_center_performance as select 'quarter' as period_type,
            date '2026-04-01' as period_start, '2026Q3' as period_label,
            'channel' as breakdown, 'phone' as member, 'genesys' as source_system,
            44466 as offered, 42991 as handled, 1464 as abandoned, 11 as other,
            1464 / 44466 as abandonment_share, 0.0313 as abandonment_low, 0.0346 as abandonment_high,
            43001 as speed_of_answer_count, 48.4 as average_speed_of_answer_seconds,
            47.6 as average_speed_of_answer_low, 61.2 as average_speed_of_answer_high,
            0 as handle_time_count, null::double as average_handle_seconds,
            null::double as average_handle_low, null::double as average_handle_high,
            44466 as abandonment_count, 0 as transfer_count,
            0 as service_level_count, null::double as service_level_share,
            null::double as service_level_low, null::double as service_level_high,
            null::double as transfer_share, null::double as transfer_low, null::double as transfer_high,
            false as suppressed, false as low_n, null::varchar as held_from;
        """
    )
    connection.execute(NEWER)
    connection.execute(
        "create temp view columns as select * exclude (interval_kind, is_weighted, band, band_uncertain,"
        " weighted_value, weighted_low, weighted_high, volume_value, volume_low, volume_high, held_from)"
        " from marts.cx_index"
    )
    names = ", ".join(column[0] for column in connection.execute("from columns").description)
    connection.executemany(f"insert into marts.cx_index ({names}) values ({', '.join(['?'] * 16)})", CELLS)
    yield connection
    connection.close()
