"""What is held of tables that are compared by the counts they tell, and of what rests on their rows."""

from __future__ import annotations

import re

import duckdb
import pandas as pd
import pytest
from voxpop.release import held, told
from voxpop.release.changed import Earlier
from voxpop.release.compared import COMPARED
from voxpop.release.counted import COUNTED, DERIVED, TOLD
from voxpop.release.tables import quoted
from voxpop.warehouse.seed_tables import GOAL_FIGURES

from tests.untold import NOTHING_WITHHELD

PLAIN = [
    (table, count.people)
    for table, told in TOLD.items()
    if table not in COUNTED
    for name, count in told.counts.items()
    if count.people.isidentifier() and count.some == "0"
    if not any(name in counts for counts in told.apart.values())
]


def row(table, **changed):
    """SQL for one shown row: every count 100, every share the whole, but for what is given."""
    columns = {}
    counts = " ".join(f"{one.people} {one.some}" for one in TOLD[table].counts.values())
    for name in re.findall("[a-z][a-z0-9_]*", re.sub("'.*?'", "", counts)):
        is_share = name == "value" or name.endswith(("share", "coverage"))
        value = changed.get(name, 1.0 if is_share else 100)
        columns[name] = f"{value}::{'double' if isinstance(value, float) else 'bigint'}"
    columns |= dict.fromkeys(COMPARED[table].key, "'x'")
    columns |= {"period_type": "'quarter'", "period_start": "date '2026-01-01'", "suppressed": "false"}
    columns |= {"held_from": "null::varchar"}
    columns |= {name: f"'{value}'" for name, value in changed.items() if isinstance(value, str)}
    for word in ("round", "if", "null", "nullif", "hash"):
        columns.pop(word, None)
    return f"select {', '.join(f'{sql} as {name}' for name, sql in columns.items())}"


def published(folder, *days):
    """The rows that the last of some releases publishes, by table, of tables that each would show."""
    return {name: duckdb.sql(f"from '{file}'").df() for name, file in files(folder, days).items()}


def files(folder, days, facts=None):
    """Where the last of some releases has its tables; `facts` is SQL for what each is made of."""
    earlier = []
    policy = {"suppression_min_n": 10.0}
    with duckdb.connect() as connection:
        connection.execute(
            "create table dim_services as select 'apply' as service_id, 'ben' as organization_id;"
            "create table dim_surveys as select 's' as survey_id, 'ben' as organization_id, 1 survey_version;"
            "create table fct_web_sessions (source_system text, started_local_date date,"
            " organization_id text, service_id text, site text, device text, landing_page text,"
            " is_suspected_bot boolean)"
        )
        # of what a release withholds no more is known here
        connection.execute(NOTHING_WITHHELD.format(schema="main") + FACTS.format(0))
        for place, day in enumerate(days, start=1):
            release = Earlier(f"r{place}", folder / str(place))
            for part in ("parquet", "audit"):
                (release.folder / part).mkdir(parents=True)
            if facts:
                connection.execute(facts[place - 1])
            for table, sql in day.items():
                connection.execute(f"create or replace table {table} as {sql}")
            told.count(connection, "main", [*day], policy=policy)
            queries = held.rows(connection, "main", [*day], earlier, sums={}, policy=policy)
            told.keep(connection, release.folder / told.NAME)
            found = {table: release.folder / "parquet" / f"{table}.parquet" for table in day}
            for table, file in found.items():
                connection.execute(f"copy ({queries.get(table, f'from {table}')}) to '{file}'")
            earlier.insert(0, release)
    return found


@pytest.mark.parametrize(("table", "count"), PLAIN)
def test_a_count_that_differs_by_few_is_held_with_its_row(table, count, tmp_path):
    for more, is_held in ((3, True), (12, False)):
        rows = published(
            tmp_path / str(more), {table: row(table)}, {table: row(table, **{count: 100 + more})}
        )
        ((n, held_from),) = rows[table][[count, "held_from"]].itertuples(index=False)
        assert n == (100 if is_held else 100 + more)
        assert (held_from == "r1") == is_held


@pytest.mark.parametrize(
    ("table", "count", "figure", "before", "after", "names"),
    [
        # how many records changed is not to be seen from a median
        ("journey_paths", "journey_count", "median_days", 3.0, 9.0, {}),
        ("journey_measures", "n", "value", 3.0, 9.0, {"measure": "median_resolution_days"}),
        # one of 100 said 5 in place of 1
        ("survey_nonresponse", "rated_count", "satisfaction", 4.0, 4.04, {}),
        ("journey_paths", "score_n", "mean_score", 4.0, 4.04, {}),
        # one of 100 named a phone number that is now capped
        ("identity_quality", "record_count", "undecided_share", 0.1, 0.11, {}),
        # 5 of 100 who were offered a survey completed it by now
        ("survey_quality", "offered_count", "aapor_rr1", 0.5, 0.55, {}),
        # 4 answered of other classes, and of none
        ("survey_nonresponse", "respondent_count", "respondent_share", 0.5, 0.49, {}),
        (
            "survey_nonresponse",
            "respondent_count",
            "known_respondent_share",
            0.5,
            0.49,
            {"breakdown": "all", "member": "all"},
        ),
    ],
)
def test_a_figure_that_tells_of_few_is_held_though_as_many_are_counted(
    table, count, figure, before, after, names, tmp_path
):
    for more, is_held in ((0, True), (12, False)):
        rows = published(
            tmp_path / str(more),
            {table: row(table, **{figure: before}, **names)},
            {table: row(table, **{figure: after, count: 100 + more}, **names)},
        )[table]
        assert rows[figure].tolist() == [before if is_held else after]
        assert rows["held_from"].notna().tolist() == [is_held]


@pytest.mark.parametrize("count", ["matched_count", "identified_count", "unjoined_count"])
def test_whom_a_share_leaves_out_is_counted_too(count, tmp_path):
    """20 more records, 17 of them matched: 3 are not."""
    for some, is_held in ((67, True), (65, True), (60, False)):
        rows = published(
            tmp_path / str(some),
            {"identity_quality": row("identity_quality", **{count: 50})},
            {"identity_quality": row("identity_quality", record_count=120, **{count: some})},
        )["identity_quality"]
        assert rows["held_from"].notna().tolist() == [is_held]


def test_a_median_is_no_sum(tmp_path):
    """All and the only service tell of 20 more, by other medians: nothing is held for their difference."""

    def both(count, *medians):
        return " union all ".join(
            row("journey_paths", journey_count=count, median_days=median, **member)
            for median, member in zip(
                medians, (ALL, {"breakdown": "service", "member": "apply"}), strict=True
            )
        )

    rows = published(tmp_path, {"journey_paths": both(100, 3.0, 4.0)}, {"journey_paths": both(120, 5.0, 9.0)})
    assert rows["journey_paths"]["held_from"].isna().all()


@pytest.mark.parametrize(
    ("count", "known", "is_null"),
    # of 100 respondents, 90 of a known segment: 20 more of it, and 3 more or 10 more of none; 3 and 20
    [(123, 110, True), (130, 110, False), (123, 93, True)],
)
def test_a_share_of_known_segments_that_tells_of_few_is_null_and_its_row_stands(
    tmp_path, count, known, is_null
):
    names = {"breakdown": "survey", "member": "s"}

    def made(count, known):
        changed = {"known_segment_share": known / count, "respondent_count": count}
        # response_count - respondent_count stays 50
        return {"survey_quality": row("survey_quality", response_count=count + 50, **changed, **names)}

    (found,) = published(tmp_path, made(100, 90), made(count, known))["survey_quality"].to_dict("records")
    assert found["respondent_count"] == count
    assert pd.isna(found["held_from"])
    assert pd.isna(found["known_segment_share"]) == is_null


def test_both_counts_of_a_share_that_is_null_are_untold(tmp_path):
    """Of 123 respondents 30 are of no segment, but nobody is told; of 133 the same 30: 93 would follow."""
    names = {"breakdown": "survey", "member": "s"}
    days = [
        {
            "survey_quality": row(
                "survey_quality",
                known_segment_share=known / (known + unknown),
                respondent_count=known + unknown,
                response_count=known + unknown + 50,
                **names,
            )
        }
        for known, unknown in ((90, 10), (93, 30), (103, 30))
    ]
    (found,) = published(tmp_path, *days)["survey_quality"].to_dict("records")
    assert found["respondent_count"] == 133
    assert pd.isna(found["known_segment_share"])


@pytest.mark.parametrize("column", ["value_column", "low_column", "high_column"])
@pytest.mark.parametrize(("share", "is_held"), [("known_segment_share", True), ("tied_share", False)])
def test_a_goal_is_held_for_a_share_that_is_null_wherever_it_names_it(tmp_path, column, share, is_held):
    """3 of 23 more respondents are of a known segment: the share is null, and its row stands."""
    names = {"breakdown": "survey", "member": "s"}
    goal = {"goal_id": "G1", "indicator": "Answers", "period_type": "quarter", "kind": "rate"}
    figures = dict.fromkeys(GOAL_FIGURES) | {"value_column": "response_rate", column: share}
    seed = goal | {"table_name": "survey_quality", "row_filter": "breakdown=survey|member=s"} | figures
    cells = (
        f"{'null::varchar' if value is None else quoted(value)} as {name}" for name, value in seed.items()
    )
    of_goal = {name: quoted(goal.get(name, "x")) for name in COMPARED["priority_goal_measures"].key}
    of_goal |= {name: quoted(goal[name]) for name in ("goal_id", "indicator")}
    of_goal |= {"period_start": "date '2026-01-01'", "held_from": "null::varchar", "suppressed": "false"}

    def made(count, known, value):
        changed = {"known_segment_share": known / count, "respondent_count": count}
        values = of_goal | dict.fromkeys(("value", "forecast_value"), f"{value}::double")
        columns = ", ".join(f"{sql} as {name}" for name, sql in values.items())
        return {
            "survey_quality": row("survey_quality", response_count=count + 50, **changed, **names),
            "priority_goal_measures": f"select {columns}",
        }

    seeds = f"create or replace table priority_goals as select {', '.join(cells)}"
    found = files(tmp_path, [made(100, 90, 0.2), made(123, 93, 0.3)], [seeds] * 2)
    query = f"select value, held_from is not null from '{found['priority_goal_measures']}'"
    assert duckdb.sql(query).fetchall() == [(0.2, True) if is_held else (0.3, False)]


FACTS = """
    create or replace table fct_interactions as
    select 'calls' as source_system, 'phone' as channel, 'inbound' as direction, 'c' || i as customer_id,
        date '2026-01-02' as started_local_date
    from range({}) as t (i);
    create or replace table fct_survey_responses as
    select 'forms' as source_system, 'email' as channel, null::text as customer_id,
        true as is_counted, date '2026-01-02' as answered_local_date
    from range(0)
"""
"""So many calls, all matched."""


def published_after(folder, *days):
    """What the last of some releases publishes of identity_quality; each is of so many calls, and of rows."""
    tables = [{"identity_quality": " union all ".join(rows)} for _, *rows in days]
    found = files(folder, tables, [FACTS.format(calls) for calls, *_ in days])
    columns = "breakdown, member, record_count, suppressed, held_from"
    return duckdb.sql(f"select {columns} from '{found['identity_quality']}' order by all").fetchall()


def withheld(sql):
    return f"select * replace (true as suppressed, null::bigint as record_count) from ({sql})"


@pytest.mark.parametrize("more", [0, 15])
def test_what_was_withheld_stays_so_while_a_count_of_it_is_the_same(tmp_path, more):
    """Of 30 calls a release told nothing; now their row may be shown, whether or not all records are more."""
    phone = row("identity_quality", breakdown="channel", member="phone", record_count=30, matched_count=30)
    before, after = (row("identity_quality", **ALL, record_count=100 + n) for n in (0, more))
    *_, of_calls = published_after(tmp_path / "same", (30, before, withheld(phone)), (30, after, phone))
    assert of_calls == ("channel", "phone", None, True, "r1")
    phone = row("identity_quality", breakdown="channel", member="phone", record_count=45, matched_count=45)
    *_, of_calls = published_after(tmp_path / "more", (30, before, withheld(phone)), (45, after, phone))
    assert of_calls == ("channel", "phone", 45, False, None)


def test_sources_are_held_together(tmp_path):
    """3 came to one source, 50 to another: beside what all sources have, each tells of the others."""
    old, new = (
        [
            row("identity_quality", breakdown="source", member=name, record_count=count)
            for name, count in counts.items()
        ]
        for counts in ({"calls": 100, "forms": 100}, {"calls": 103, "forms": 150})
    )
    assert published_after(tmp_path, (0, *old), (0, *new)) == [
        ("source", "calls", 100, False, "r1"),
        ("source", "forms", 100, False, "r1"),
    ]


def test_classes_are_held_together(tmp_path):
    """3 more came by email: beside the 120 by phone their share of all respondents would tell it."""
    old, new = (
        " union all ".join(
            row(
                "survey_nonresponse",
                breakdown="channel",
                member=name,
                respondent_count=count,
                respondent_share=count / sum(counts.values()),
            )
            for name, count in {**counts, "all": sum(counts.values())}.items()
        )
        for counts in ({"phone": 120, "email": 80}, {"phone": 120, "email": 83})
    )
    of_wait = row("survey_nonresponse", breakdown="wait", member="up to 1 minute")
    rows = published(
        tmp_path,
        {"survey_nonresponse": f"{old} union all {of_wait}"},
        {"survey_nonresponse": f"{new} union all {of_wait}"},
    )["survey_nonresponse"]
    is_held = rows.set_index("member")["held_from"].notna().to_dict()
    assert is_held == {"phone": True, "email": True, "all": True, "up to 1 minute": False}


@pytest.mark.parametrize(("more", "held"), [(20, 0), (23, 1), (30, 0)])
def test_two_wholes_of_those_who_were_offered_tell_no_few_that_one_has_more(tmp_path, more, held):
    """13 answers belonged to an offer by their service alone; 3 more do by now, 10 more, or none."""

    def wholes(by_channel, by_service):
        counts = {"channel": by_channel, "service": by_service}
        return {
            "survey_nonresponse": " union all ".join(
                row("survey_nonresponse", breakdown=name, member="all", respondent_count=count)
                for name, count in counts.items()
            )
        }

    found = published(tmp_path, wholes(100, 113), wholes(120, 113 + more))["survey_nonresponse"]
    assert found["held_from"].notna().sum() == held


def test_a_whole_does_not_tell_who_of_a_held_survey_came_without_clearance(tmp_path):
    """Three more answered the kiosk's form, which has none, and 13 more another: both are held."""

    def day(kiosk, web, mail):
        surveys = {"kiosk": kiosk, "web": web, "mail": mail, "all": kiosk + web + mail}
        rows = " union all ".join(
            row(
                "survey_quality",
                breakdown="all" if member == "all" else "survey",
                member=member,
                response_count=n,
                respondent_count=n,
            )
            for member, n in surveys.items()
        )
        late = f"if(member in ('kiosk', 'all'), {kiosk}, 0) as collected_without_clearance_count"
        unoffered = f"member in ('kiosk', 'all') and {kiosk} > 40 as is_cohort_mismatched"
        return {"survey_quality": f"from ({rows}) select *, {late}, {unoffered}"}

    found = published(tmp_path, day(40, 60, 100), day(43, 73, 120))["survey_quality"].set_index("member")
    assert set(found.index[found.held_from.notna()]) == {"kiosk", "web"}
    assert found.respondent_count.to_dict() == {"kiosk": 40, "web": 60, "mail": 120, "all": 236}
    assert found.collected_without_clearance_count.dropna().to_dict() == {"kiosk": 40, "web": 0}
    assert found.is_cohort_mismatched.dropna().to_dict() == {"kiosk": False, "web": False}


def pages_before(calls, pages, listed=None):
    """The share of calls that came after a visit, and the pages that are listed of those (none: all)."""
    of_service = {"breakdown": "service", "member": "apply"}
    n = sum(pages.values())
    share = {"measure": "website_before_call_share", "page": "all", "n": calls, "value": n / calls}
    rows = [
        {"measure": "page_before_call_share", "page": page, "n": n, "value": seen / n}
        for page, seen in pages.items()
        if listed is None or page in listed
    ]
    return {
        "journey_measures": " union all ".join(
            row("journey_measures", **of_service, **each) for each in (share, *rows)
        )
    }


def pages_published(folder, *days):
    """Page, how many called from it, and the release whose row it is, of all that the last release lists."""
    facts = [
        f"""
        delete from int_row_counts;
        insert into int_row_counts by name
        select
            'journey_measures' as table_name, 'quarter' as period_type, date '2026-01-01' as period_start,
            'service' as breakdown, 'apply' as member, 'page_before_call_share' as item,
            unnest(map_keys(pages)) as page, unnest(map_values(pages)) as part_count, 0 as pending_count,
            list_sum(map_values(pages)) as n
        from (select map {pages} as pages)
        """
        for _, pages, *_ in days
    ]
    found = files(folder, [pages_before(*day) for day in days], facts)["journey_measures"]
    return duckdb.sql(f"select page, round(n * value), held_from from '{found}' order by page").fetchall()


def test_pages_are_held_together(tmp_path):
    """Of 100 who called after a visit, and of 130 now, 3 more saw one page, 14 and 13 more the others."""
    before, after = {"/a": 40, "/b": 30, "/c": 30}, {"/a": 43, "/b": 44, "/c": 43}
    assert pages_published(tmp_path, (200, before), (260, after)) == [
        ("/a", 40, "r1"),
        ("/b", 30, "r1"),
        ("/c", 30, "r1"),
        ("all", 100, "r1"),
    ]


def test_pages_are_held_with_the_share_of_whom_they_are(tmp_path):
    """21 of 200 called after a visit, and no page was listed; of 24 now, one was the last that 10 saw."""
    before, after = {"/a": 9, "/b": 12}, {"/a": 10, "/b": 14}
    assert pages_published(tmp_path, (200, before, ()), (200, after)) == [("all", 21, "r1")]


def test_how_many_were_served_is_no_secret(tmp_path):
    """3 more are told, as cx_index's volume tells them; with 3 more answers the row stays as it was."""

    def made(served, answered):
        plain = row("survey_quality", breakdown="survey", member="s", respondent_count=answered)
        return {"survey_quality": f"select *, {served}::bigint as customer_count from ({plain})"}

    def served(name, *days):
        return published(tmp_path / name, *(made(*day) for day in days))["survey_quality"]["customer_count"]

    assert served("alone", (105, 50), (108, 50)).tolist() == [108]
    assert served("with answers", (105, 50), (108, 53)).tolist() == [105]


@pytest.mark.parametrize("table", ["web_performance", "page_helpfulness"])
def test_a_month_that_comes_after_a_span_over_it_is_held(tmp_path, table):
    """A release told 48 of July and August; less August's 40, July's were 8.

    It told the spring, too, of which June is a part as ever. A span of as many days as one that was told
    tells no days of its own.
    """

    def made(*stretches):
        rows = [
            row(
                table,
                basis=basis,
                period_type=period_type,
                period_start=first,
                period_label=f"{first}/{last}",
                page="all",
                n=n,
            )
            for basis, period_type, first, last, n in stretches
        ]
        return {
            table: f"select * replace (period_start::date as period_start) from ({' union all '.join(rows)})"
        }

    told_first = [
        ("source", "span", "2026-07-01", "2026-08-31", 48),
        ("source", "quarter", "2026-04-01", "2026-06-30", 100),
    ]
    came = [
        ("source", "month", "2026-06-01", "2026-06-30", 40),
        ("source", "month", "2026-08-01", "2026-08-31", 40),
        ("days", "month", "2026-07-01", "2026-07-31", 40),
        ("source", "quarter", "2026-07-01", "2026-09-30", 60),
        ("source", "span", "2026-06-20", "2026-07-19", 50),
        ("source", "span", "2026-08-31", "2026-10-30", 50),
        ("source", "span", "2026-08-31", "2026-10-31", 50),
        ("source", "span", "2026-06-05", "2026-06-15", 50),
    ]
    found = published(tmp_path, made(*told_first), made(*told_first, *came))[table]
    shown = found.loc[~found["suppressed"], "period_label"]
    assert set(shown) == {
        "2026-07-01/2026-08-31",
        "2026-04-01/2026-06-30",
        "2026-06-01/2026-06-30",
        "2026-08-31/2026-10-31",
    }


def test_votes_of_a_quarter_are_held_together(tmp_path):
    """Of 100 each, 3 more in January by mobile; 20 more by tablet, and on a page in all of the quarter.

    Visits are no votes.
    """

    def made(by_mobile, others):
        quarter = {"period_type": "quarter", "source_system": "ga4"}
        month = {"period_type": "month", "source_system": "ga4", "breakdown": "device"}
        visits = [
            row("web_performance", **month, member="mobile", helpful_n=by_mobile, visits=others),
            row("web_performance", **month, member="tablet", helpful_n=others),
            row("web_performance", **month | {"source_system": "dap"}, helpful_n=others),
        ]
        pages = [
            row("page_helpfulness", **quarter, page="/a", n=others),
            row("page_helpfulness", **quarter | {"period_type": "year"}, page="/a", n=others),
        ]
        return {
            "web_performance": " union all ".join(visits),
            "page_helpfulness": " union all ".join(pages),
        }

    found = published(tmp_path, made(100, 100), made(103, 120))
    visits = found["web_performance"].set_index(["source_system", "member"]).sort_index()
    of_votes = visits[["helpful_n", "helpful_share"]]
    assert of_votes.dropna().reset_index().to_numpy().tolist() == [["dap", "x", 120, 1]]
    assert visits["visits"].to_dict() == {("dap", "x"): 100, ("ga4", "mobile"): 120, ("ga4", "tablet"): 100}
    assert visits["held_from"].isna().all()
    assert found["page_helpfulness"].set_index("period_type")["n"].to_dict() == {"quarter": 100, "year": 120}


@pytest.mark.parametrize(
    ("before", "listed", "after", "is_held"),
    [
        # 52 called from both, and 48 now: 4 fewer, and two pages are withheld for it
        ({"/a": 12, "/b": 40}, ("/a", "/b", "/c", "/d"), {"/a": 8, "/b": 40}, True),
        # 24 called from pages that weren't listed, and 27 now, 3 of them from another one
        ({"/a": 4, "/b": 20}, ("/c", "/d"), {"/a": 4, "/b": 20, "/e": 3}, True),
        # 24, and 37 now
        ({"/a": 4, "/b": 20}, ("/c", "/d"), {"/a": 5, "/b": 32}, False),
    ],
)
def test_visits_on_pages_that_are_not_listed_are_a_sum(tmp_path, before, listed, after, is_held):
    """14 more called from each of two pages that are listed."""
    days = [(200, before | {"/c": 48, "/d": 20}, listed), (260, after | {"/c": 62, "/d": 34}, ("/c", "/d"))]
    *pages, _ = pages_published(tmp_path, *days)
    assert pages == (
        [("/c", 48, "r1"), ("/d", 20, "r1")] if is_held else [("/c", 62, None), ("/d", 34, None)]
    )


CELL = {
    "period_type": "quarter",
    "period_start": "2026-01-01",
    "breakdown": "service",
    "member": "apply",
    "scale": "likert_5",
    "measure": "mean",
    "driver": "ease",
}
ALL = {"breakdown": "all", "member": "all"}
RESTS = [
    # table, its first figure, the held cell of cx_index, a row that rests on it, one that does not
    ("cx_index", "volume_value", {}, ALL, ALL | {"driver": "trust"}),
    ("cx_index", "volume_value", {}, {"breakdown": "organization", "member": "ben"}, {}),
    # a channel's rest on a service too; none on another scale
    ("cx_index", "weighted_value", {}, {"breakdown": "channel", "member": "phone"}, {"scale": "ten"}),
    (
        "survey_quality",
        "lowest_item",
        {},
        {"breakdown": "survey", "member": "form"},
        {"breakdown": "survey", "member": "other form"},
    ),
    (
        "survey_quality",
        "nonresponse_bias_analysis_required",
        {},
        {"breakdown": "survey", "member": "form", "response_rate": 0.8},
        # too few were reached, whatever they answered
        {"breakdown": "survey", "member": "form", "response_rate": 0.79},
    ),
    (
        "survey_quality",
        "unknown_channel_count",
        {"breakdown": "channel", "member": "phone"},
        ALL | {"period_type": "month", "period_start": "2025-10-01"},
        ALL | {"period_start": "2026-10-01"},
    ),
    (
        "published_measures",
        None,
        {},
        {"our_source": "own_measures", "service": "apply"},
        {"our_source": "own_measures", "service": "status"},
    ),
]


@pytest.mark.parametrize(("table", "figure", "base", "row_", "other"), RESTS)
def test_what_rests_on_a_held_cell_of_the_index(table, figure, base, row_, other):
    (rests_on,) = (
        one.rests_on
        for one in DERIVED
        if (one.table, one.of, one.figures and one.figures[0]) == (table, "cx_index", figure)
    )

    def is_found(row):
        sides = [
            ", ".join(
                f"{'date ' if name.endswith('start') else ''}{value!r} as {name}"
                for name, value in {**CELL, **changed}.items()
            )
            for changed in (base, row)
        ]
        with duckdb.connect() as connection:
            connection.execute(
                "create table dim_surveys as select 'form' as survey_id, 'apply' as service_id"
            )
            query = f"select {rests_on} from (select {sides[0]}) as base, (select {sides[1]}) as row_"
            query = query.replace("{marts}", "main").replace("{unit_response_min_share}", "0.8")
            return connection.execute(query).fetchone() == (True,)

    assert is_found(row_)
    assert not is_found(other)


def test_every_derived_table_of_the_index_has_its_case():
    cases = {(table, figure) for table, figure, *_ in RESTS}
    assert cases == {(one.table, one.figures and one.figures[0]) for one in DERIVED if one.of == "cx_index"}


COVERAGES = {
    # 1,584 of 1,768 contacts are known, and 3,004 of 3,646 visits
    "journey_paths": {
        "path": "all",
        "journey_count": 900,
        "contact_count": 1768,
        "match_coverage": 1584 / 1768,
        "visit_count": 3646,
        "website_match_coverage": 3004 / 3646,
    },
    "journey_measures": {
        "measure": "channel_shift_share",
        "page": "all",
        "n": 900,
        "unknown_count": 184,
        "contact_coverage": 1584 / 1768,
        "visit_count": 3646,
        "web_coverage": 3004 / 3646,
    },
}
MORE_COVERED = [
    ("journey_paths", {"contact_count": 1771, "match_coverage": 1584 / 1771}),
    ("journey_paths", {"match_coverage": 1587 / 1768}),
    ("journey_paths", {"website_match_coverage": 3007 / 3646}),
    ("journey_measures", {"contact_coverage": 1587 / 1771}),
    ("journey_measures", {"web_coverage": 3007 / 3646}),
    ("journey_measures", {"visit_count": 3649, "web_coverage": 3004 / 3649}),
    # an interval over services, of which one's coverage moved
    ("journey_measures", {"high": 0.4}),
]


@pytest.mark.parametrize(("table", "changed"), MORE_COVERED)
def test_a_coverage_that_tells_of_few_is_held_with_its_row(table, changed, tmp_path):
    names = COVERAGES[table] | ALL | {"low": 0.1, "high": 0.3}
    before, after = row(table, **names), row(table, **names | changed)
    ((name, value),) = [*changed.items()][-1:]
    (found,) = published(tmp_path, {table: before}, {table: after})[table].to_dict("records")
    assert found["held_from"] == "r1"
    assert found[name] == names[name] != value


def test_a_coverage_that_tells_of_many_is_shown(tmp_path):
    """20 more contacts and 40 more visits, half of each known."""
    changed = {
        "journey_paths": {
            "contact_count": 1788,
            "match_coverage": 1594 / 1788,
            "visit_count": 3686,
            "website_match_coverage": 3024 / 3686,
        },
        "journey_measures": {
            "n": 920,
            "unknown_count": 194,
            "contact_coverage": 1594 / 1788,
            "visit_count": 3686,
            "web_coverage": 3024 / 3686,
        },
    }
    before = {table: row(table, **names, **ALL) for table, names in COVERAGES.items()}
    after = {table: row(table, **names | changed[table], **ALL) for table, names in COVERAGES.items()}
    rows = published(tmp_path, before, after)
    assert rows["journey_paths"]["held_from"].isna().all()
    assert rows["journey_measures"]["held_from"].isna().all()


@pytest.mark.parametrize(("after", "is_held"), [(14, True), (15, True), (34, False)])
def test_visits_that_were_withheld_stay_so_while_they_are_the_same(tmp_path, after, is_held):
    """Of 14 visits that weren't told 7 were known, and 7 are of 14 or 15 that would be told by now."""
    counts = {"visit_count": "null", "web_coverage": "null"}
    days = [COVERAGES["journey_measures"] | names for names in (counts, {"visit_count": after})]
    days[1]["web_coverage"] = after // 2 / after
    made = [
        {"journey_measures": row("journey_measures", **ALL | day).replace("'null'", "null")} for day in days
    ]
    facts = [
        f"""
        delete from int_row_counts;
        insert into int_row_counts by name
        select
            'journey_measures' as table_name, period_type, period_start, breakdown, member, measure as item,
            page, n, pending_count, n as part_count, {visits} as visit_count,
            {visits} // 2 as known_visit_count
        from ({row("journey_measures", **ALL | days[1])})
        """
        for visits in (14, after)
    ]
    found = files(tmp_path, made, facts)["journey_measures"]
    told = duckdb.sql(f"select visit_count, held_from from '{found}'").fetchall()
    assert told == [(None, "r1") if is_held else (after, None)]


def test_a_coverage_is_held_with_what_else_tells_of_whom_it_is(tmp_path):
    """Of 16 more known contacts 3 are about status: 13 about apply would tell them, whichever row says so."""

    def made(apply, status):
        known = {("all", "all"): apply + status, ("service", "apply"): apply, ("service", "status"): status}
        shares = [
            row(
                "journey_measures", measure="repeat_contact_share", page="all", n=n, breakdown=of, member=name
            )
            for (of, name), n in known.items()
        ]
        of_apply = {
            "contact_count": apply + 100,
            "match_coverage": apply / (apply + 100),
            "journey_count": apply,
            "breakdown": "service",
            "member": "apply",
        }
        return {
            "journey_measures": " union all ".join(shares),
            "journey_paths": row("journey_paths", **COVERAGES["journey_paths"] | of_apply),
        }

    rows = published(tmp_path, made(100, 50), made(113, 53))
    held_from = rows["journey_measures"].set_index("member")["held_from"]
    assert held_from[["apply", "status"]].tolist() == ["r1", "r1"]
    assert pd.isna(held_from["all"])
    assert rows["journey_paths"]["held_from"].tolist() == ["r1"]
