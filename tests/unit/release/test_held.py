"""What a candidate holds of the current release: whole rows, until enough people's records differ."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from voxpop.audit import duckdb_dialect, run
from voxpop.errors import BuildError
from voxpop.release import candidate, store
from voxpop.release.closure import Cell, Move, Sum, held, of_periods_and_members

from expectations import checkpoint

from .synthetic import LIMITS

NOW = datetime(2026, 5, 2, 6, 0, tzinfo=UTC)
ALL = (
    "breakdown = 'all' and period_type = 'quarter' and period_start = '2026-01-01'"
    " and driver = 'trust' and measure = 'mean'"
)
SERIES = "breakdown = 'all' and period_type = 'quarter' and driver = 'trust' and measure = 'mean'"
JANUARY = date(2026, 1, 1)


def stage(home, days, *changes):
    """A candidate of a warehouse that was made anew by other models, and then changed."""
    home.fingerprint = f"{days:064d}"
    home.build()
    home.change(*changes)
    made = candidate.stage(home.settings, now=NOW + timedelta(days=days), sources=home.sources)
    assert made is not None
    return made


def shown(folder, where, columns="n, value, held_from", table="cx_index"):
    with duckdb.connect(str(folder / "voxpop.duckdb"), read_only=True) as connection:
        return connection.execute(
            f"select {columns} from marts.{table} where {where} order by all"
        ).fetchall()


def _gate(home, made):
    """What the gate says of held rows of cx_index."""
    duckdb_dialect.keep_connections()
    suites = [suite for suite in run.held(home.settings, made) if suite.name == "held_of_cx_index"]
    assert len(suites) == 1
    return checkpoint.run(f"duckdb:///{made.database}", suites)


def test_a_few_new_answers_wait_until_they_are_enough(home):
    first = home.publish(NOW)
    ((n, value, nothing),) = shown(home.settings.releases / first, ALL)
    assert nothing is None
    # one answer a day from January 1: all of them are of 2026Q2, and those of i % 50 = 0 don't count
    known = home.responses
    assert known % 120 == 0
    home.land("touchpoints", "responses", [f"sub-{i}" for i in range(known, known + 9)])
    home.responses += 9
    second = stage(home, 1)
    assert shown(second.folder, ALL) == [(n, value, first)]
    assert shown(second.folder, "period_label = '2026Q3' and held_from is not null") == []
    assert [outcome.success for outcome in _gate(home, second)] == [True]
    with duckdb.connect(str(second.database)) as connection:
        connection.execute(f"update marts.cx_index set value = value + 0.001, high = 6 where {ALL}")
    assert [outcome.unexpected_count for outcome in _gate(home, second)] == [1]
    home.land("touchpoints", "responses", [f"sub-{i}" for i in range(known + 9, known + 12)])
    home.responses += 3
    third = stage(home, 2)
    counted = sum(i % 50 != 0 for i in range(known, known + 12))
    assert counted >= 10
    ((later, _, own),) = shown(third.folder, ALL)
    assert (later, own) == (n + counted, None)


def test_limits_are_of_the_values_that_are_published(home):
    """2026Q2 is held: the mean of the two quarters is that of its old value and the other's own."""
    first = home.publish(NOW)
    home.land("touchpoints", "responses", [f"sub-{i}" for i in range(home.responses, home.responses + 9)])
    home.responses += 9
    home.fingerprint = f"{1:064d}"
    home.build()
    home.change(f"update marts.cx_index set value = value + 0.1 where {SERIES}")
    home.model("cx_control_limits").write_text(LIMITS.replace(">= 8", ">= 2"))
    made = candidate.stage(home.settings, now=NOW + timedelta(days=1), sources=home.sources)
    values = shown(made.folder, SERIES, "value, held_from")
    assert {held_from for _, held_from in values} == {first, None}
    center = sum(value for value, _ in values) / 2
    assert (
        shown(made.folder, SERIES, "center", "cx_control_limits") == [(pytest.approx(center, abs=1e-9),)] * 2
    )


def test_limits_whose_model_has_not_been_compiled_are_an_error(home):
    home.publish(NOW)
    home.fingerprint = f"{1:064d}"
    home.build()
    home.model("cx_control_limits").unlink()
    with pytest.raises(
        BuildError, match=r"cx_control_limits.sql: the model's SQL is missing. Run `voxpop build`"
    ):
        candidate.stage(home.settings, now=NOW + timedelta(days=1), sources=home.sources)


def test_one_changed_answer_is_held_and_another_method_is_not(home):
    first = home.publish(NOW)
    ((n, value, _),) = shown(home.settings.releases / first, ALL)
    other_method = f"update marts.cx_index set value = value + 0.5 where {ALL}"
    made = stage(home, 1, other_method)
    assert shown(made.folder, ALL) == [(n, pytest.approx(value + 0.5), None)]
    made = stage(
        home,
        2,
        other_method,
        "update marts.fct_survey_answers set score = 6 - score, raw_value = 6 - score where driver = 'trust'"
        " and response_id = (select min(response_id) from marts.fct_survey_responses where is_counted"
        " and fiscal_quarter = '2026Q2')",
    )
    assert shown(made.folder, ALL) == [(n, value, first)]
    other = ALL.replace("trust", "ease")
    assert shown(made.folder, other, "held_from") == [(None,)]
    index = ALL.replace("'trust'", "'all'").replace("'mean'", "'cx_index'")
    assert shown(made.folder, index, "held_from") == [(first,)], "it rests on that answer too"
    of_channel = ALL.replace("breakdown = 'all'", "breakdown = 'channel'").replace(
        "= 'trust'", "in ('trust', 'ease')"
    )
    assert shown(made.folder, of_channel, "distinct driver, comparison, not_compared", "cx_comparisons") == [
        ("ease", "rest", "withheld"),
        ("trust", "rest", "held"),
    ], "comparisons are of the rows that are published"


def test_a_goal_rests_on_each_figure_that_it_names(home):
    """12 answers more: the quarter is told anew, but by volume it rests on services that have few of them."""
    goals = {
        "plain": ("value", "n", "low", "high"),
        "weighted": ("volume_value", "n", None, None),
        "between": ("value", "n", "volume_low", "volume_high"),
    }

    def plant(value):
        yield f"update marts.cx_index set volume_value = {value}, volume_low = 1, volume_high = 5 where {ALL}"
        for goal_id, figures in goals.items():
            names = ", ".join("null" if figure is None else f"'{figure}'" for figure in figures)
            yield f"""
                insert into seeds.priority_goals by name
                select
                    '{goal_id}' as goal_id, 'trust' as indicator, 'cx_index' as table_name, 'level' as kind,
                    unnest(struct_pack(value_column, n_column, low_column, high_column)),
                    'quarter' as period_type,
                    'breakdown=all|member=all|scale=likert_5|measure=mean|driver=trust' as row_filter
                from (values ({names})) as figures (value_column, n_column, low_column, high_column)
            """
            yield f"""
                insert into marts.priority_goal_measures by name
                select
                    '{goal_id}' as measure_id, '{goal_id}' as goal_id, 'trust' as indicator,
                    'quarter' as period_type, '2026Q2' as period_label, date '2026-01-01' as period_start,
                    {value} as value, 4.5 as forecast_value, false as suppressed, false as low_n
            """

    home.change(*plant(3.5))
    first = home.publish(NOW)
    home.land("touchpoints", "responses", [f"sub-{i}" for i in range(home.responses, home.responses + 13)])
    home.responses += 13
    renamed = """
        insert into marts.priority_goal_measures by name
        select * replace ('renamed' as measure_id, '2026Q1' as breaks_since_start)
        from marts.priority_goal_measures where goal_id = 'weighted'
    """
    made = stage(home, 1, *plant(4), renamed)
    assert shown(made.folder, ALL, "volume_value, volume_low, volume_high, held_from") == [(None,) * 4]
    columns = "measure_id, value, forecast_value, breaks_since_start, held_from"
    assert shown(made.folder, "true", columns, "priority_goal_measures") == [
        ("between", 3.5, 4.5, None, first),
        ("plain", 4, 4.5, None, None),
        # the seeds say what broke it, of whomever it counts
        ("renamed", None, None, "2026Q1", first),
        ("weighted", 3.5, 4.5, None, first),
    ]


def test_it_is_compared_with_every_kept_release(home):
    """12 more, then these out and 5 others in: 17 differ from the last release, and 5 from the one before."""
    home.publish(NOW)
    add = (
        "insert into marts.fct_survey_responses select * replace ('{0}' || response_id as response_id,"
        " '{0}' || source_record_id as source_record_id)"
        " from marts.fct_survey_responses where is_counted and fiscal_quarter = '2026Q2'"
        " order by response_id limit {1}",
        "insert into marts.fct_survey_answers select * replace ('{0}' || response_id as response_id)"
        " from marts.fct_survey_answers where '{0}' || response_id in"
        " (select response_id from marts.fct_survey_responses)",
        f"update marts.cx_index set n = n + {{1}} where {ALL}",
    )
    home.build()
    home.change(*(line.format("x", 12) for line in add))
    home.fingerprint = f"{7:064d}"
    home.change(f"update _build.fingerprint set fingerprint = '{home.fingerprint}'")
    second = home.publish(NOW + timedelta(days=1))
    ((n, _, own),) = shown(home.settings.releases / second, ALL)
    assert own is None
    made = stage(home, 2, *(line.format("y", 5) for line in add))
    ((later, _, own),) = shown(made.folder, ALL)
    assert (later, own) == (n, second)


def test_a_held_cell_that_the_current_release_lacks_is_withheld(home):
    """Nine answers more than a release showed that was rolled back; the one before it had no such cell."""
    home.build()
    home.change(f"delete from marts.cx_index where {ALL}")
    first = home.publish(NOW)
    home.land("touchpoints", "responses", [f"sub-{i}" for i in range(home.responses, home.responses + 12)])
    home.responses += 12
    home.fingerprint = f"{1:064d}"
    home.build()
    second = home.publish(NOW + timedelta(days=1))
    assert shown(home.settings.releases / second, ALL, "suppressed, held_from") == [(False, None)]
    store.rollback(home.settings, None, "a test", NOW + timedelta(days=1))
    known = home.responses
    home.land("touchpoints", "responses", [f"sub-{i}" for i in range(known, known + 9)])
    home.responses += 9
    third = stage(home, 2)
    columns = "n, value, low, high, suppressed, low_n, held_from"
    assert shown(third.folder, ALL, columns) == [(None, None, None, None, True, False, first)]
    assert [outcome.success for outcome in _gate(home, third)] == [True]
    with duckdb.connect(str(third.database)) as connection:
        connection.execute(f"update marts.cx_index set suppressed = false, n = {known} where {ALL}")
    assert [outcome.unexpected_count for outcome in _gate(home, third)] == [1]


def test_what_a_release_withheld_stays_so_where_nothing_but_its_verdict_changed(home):
    """Policy asks for fewer people than then, and all records are the same."""
    home.build()
    home.change(f"update marts.cx_index set suppressed = true, n = null, value = null where {ALL}")
    first = home.publish(NOW)
    columns = "n, suppressed, held_from"
    assert shown(home.settings.releases / first, ALL, columns) == [(None, True, None)]
    assert shown(stage(home, 1).folder, ALL, columns) == [(None, True, first)]
    home.land("touchpoints", "responses", [f"sub-{i}" for i in range(home.responses, home.responses + 12)])
    home.responses += 12
    ((n, *verdict),) = shown(stage(home, 2).folder, ALL, columns)
    assert n > 10
    assert verdict == [False, None]


def test_what_is_held_from_a_removed_release_waits_for_enough_people(home):
    """An answer that was edited reads as before the edit, until ten more have come."""
    first = home.publish(NOW)
    ((n, value, _),) = shown(home.settings.releases / first, ALL)
    edit = (
        "update marts.fct_survey_answers set score = 6 - score, raw_value = 6 - score where driver = 'trust'"
        " and response_id = (select min(response_id) from marts.fct_survey_responses where is_counted"
        " and fiscal_quarter = '2026Q2')",
        f"update marts.cx_index set value = value + 0.001 where {ALL}",
    )
    home.fingerprint = f"{7:064d}"
    home.build()
    home.change(*edit)
    second = home.publish(NOW + timedelta(days=1))
    assert shown(home.settings.releases / second, ALL) == [(n, value, first)]
    shutil.rmtree(home.settings.releases / first)
    made = stage(home, 2, *edit)
    assert shown(made.folder, ALL) == [(n, value, first)]
    known = home.responses
    home.land("touchpoints", "responses", [f"sub-{i}" for i in range(known, known + 12)])
    home.responses += 12
    ((later, _, own),) = shown(stage(home, 3, *edit).folder, ALL)
    assert later > n + 9
    assert own is None


def test_contacts_are_held_where_few_of_what_a_figure_is_over_differ(home):
    """Ten contacts more, one of which was given up: their waits are of nine."""
    first = home.publish(NOW)
    home.interactions += 10
    made = stage(home, 1)
    found = shown(
        made.folder,
        "breakdown = 'all' and period_label = '2026Q2'",
        "held_from",
        "contact_center_performance",
    )
    assert found == [(first,)]


@pytest.mark.parametrize(("is_exact", "found"), [(True, {"changed"}), (False, set())])
def test_what_two_measures_tell_alike_is_known_of_both(is_exact, found):
    """Of 262 journeys a release told as what paths are of; now 266 are, as what changed or didn't is of."""
    paths, shifted, changed = (
        Cell(item, "quarter", JANUARY, "all", "all") for item in ("paths", "shifted", "changed")
    )
    cells = held(
        {cell: [Move(8)] for cell in (paths, shifted, changed)},
        shown={changed},
        known=[{paths}],
        untold=[set()],
        wholes=lambda cell: [Sum(shifted, cell.item, is_exact=is_exact)] if cell != shifted else [],
        minimum=10,
        by_count={},
        followers={},
        told_elsewhere=frozenset(),
    )
    assert {cell.item for cell in cells} == found


RESPONDENTS, INDEX, EASE = (
    Cell(item, "month", JANUARY, "all", "all") for item in ("respondents", "index", "ease")
)


def held_with(followers, changes, shown, known):
    cells = held(
        {cell: [Move(2 * more)] for cell, more in changes.items()},
        shown=shown,
        known=[known],
        untold=[set()],
        wholes=lambda _: (),
        minimum=10,
        by_count={},
        followers=followers,
        told_elsewhere=frozenset(),
    )
    return {cell.item for cell in cells}


def test_respondents_are_held_where_what_they_are_the_sum_of_is():
    """20 more respondents, 12 of them by thumbs: 8 are the index's, and it is held."""
    sets = {"shown": {RESPONDENTS, INDEX}, "known": {RESPONDENTS, INDEX}}
    changes = {RESPONDENTS: 20, INDEX: 8}
    assert held_with({}, changes, **sets) == {"index"}
    assert held_with({INDEX: {RESPONDENTS}}, changes, **sets) == {"index", "respondents"}


def test_what_everybody_answered_does_not_tell_how_many_they_are():
    """A release told that 10 answered; now 14 answered, all of them on ease, and no row counts them."""
    sets = {"shown": {EASE}, "known": {INDEX}}
    assert held_with({}, {INDEX: 4, EASE: 4}, **sets) == set()
    assert held_with({INDEX: {EASE}}, {INDEX: 4, EASE: 4}, **sets) == {"ease"}


def test_followers_open_the_sums_that_they_are_part_of():
    """The 12 of apply, held with another cell, are those of ben less the 15 of status: these are held too."""
    ben, apply, status = (
        quarter(27, "organization", "ben"),
        quarter(12, "service", "apply"),
        quarter(15, "service", "status"),
    )
    few = Cell("index", "quarter", JANUARY, "service", "apply")
    changes = dict([ben, apply, status]) | {few: (Move(4),)}
    cells = held(
        changes,
        shown={*changes},
        known=[{*changes}],
        untold=[set()],
        wholes=lambda cell: of_periods_and_members(cell, INSIDE),
        minimum=10,
        by_count={},
        followers={few: {apply[0]}},
        told_elsewhere=frozenset(),
    )
    assert {(cell.item, cell.member) for cell in cells} == {
        ("index", "apply"),
        ("trust", "apply"),
        ("trust", "status"),
    }


def test_a_sites_pages_are_closed_over_as_services_are():
    """The 4 of forms would be the 14 of my less the 10 of home."""
    my, home, forms = (
        quarter(14, "site", "my"),
        quarter(10, "page", "my/home"),
        quarter(4, "page", "my/forms"),
    )
    assert closed(my, home, forms) == {"my/forms", "my/home"}


def test_a_held_cell_is_not_told_by_what_no_release_has_told_yet():
    """10 of ben are held beside the 3 of tax; its one service, first told now, is they."""
    ben, apply = quarter(10, "organization", "ben"), quarter(10, "service", "apply")
    others = quarter(25), quarter(3, "organization", "tax"), quarter(12, "organization", "trv")
    known = [cell for cell, _ in others]
    assert closed(ben, *others, known=known) == {"ben", "tax"}
    assert closed(ben, apply, *others, known=known) == {"ben", "tax", "apply"}


INSIDE = {
    ("service", "apply"): ("organization", "ben"),
    ("service", "status"): ("organization", "ben"),
    ("page", "my/forms"): ("site", "my"),
    ("page", "my/home"): ("site", "my"),
}


def quarter(change, breakdown="all", member="all"):
    return Cell("trust", "quarter", JANUARY, breakdown, member), (Move(2 * change),)


def closed_cells(*changes, shown=None, known=None, untold=(), told_elsewhere=frozenset()):
    cells = dict(changes)
    return held(
        cells,
        shown=set(cells if shown is None else shown),
        known=[set(cells if known is None else known)],
        untold=[set(untold)],
        wholes=lambda cell: of_periods_and_members(cell, INSIDE, ["segment"]),
        minimum=10,
        by_count={},
        followers={},
        told_elsewhere=told_elsewhere,
    )


def closed(*changes, **sets):
    return {cell.member for cell in closed_cells(*changes, **sets)}


def test_what_is_held_does_not_come_out_by_subtraction():
    """15 new, 3 of them by phone and 12 on the website: all less the website's would be those of phone."""
    whole, phone, web = quarter(15), quarter(3, "channel", "phone"), quarter(12, "channel", "website")
    assert closed(whole, phone, web) == {"phone", "website"}
    mail = quarter(20, "channel", "email")
    assert closed(quarter(35), phone, web, mail) == {"phone", "website"}, "the smaller one of two"
    assert closed(quarter(3), phone) == {"all", "phone"}
    assert closed(quarter(10), quarter(10, "channel", "email")) == set()
    # of no known channel are 4: the whole less its channels are these
    assert closed(quarter(14), quarter(10, "channel", "email")) == {"email"}


def test_those_of_no_channel_hide_nobody_whom_another_table_tells():
    """27 less 12 are 15: 3 by phone, which is withheld, and 12 by no channel, as survey_quality tells."""
    whole, web, phone, none = (
        quarter(27),
        quarter(12, "channel", "website"),
        quarter(3, "channel", "phone"),
        quarter(12, "channel", "unknown"),
    )
    sets = {"shown": {whole[0], web[0]}, "known": {whole[0], web[0]}}
    assert closed(whole, web, phone, none, **sets) == set()
    assert closed(whole, web, phone, none, **sets, told_elsewhere={none[0]}) == {"website"}
    # 4 of them are few themselves; and without them all are those on the website
    whole, none = quarter(16), quarter(4, "channel", "unknown")
    sets = {"shown": {whole[0], web[0]}, "known": {whole[0], web[0]}}
    assert closed(whole, web, none, **sets, told_elsewhere={none[0]}) == {"all", "website"}


def test_what_changed_of_a_withheld_organization_its_one_service_tells():
    """All less trv are 20 of ben and tax, both withheld: apply's 14 are all of ben's, so 6 are of tax."""
    whole, trv, ben, tax, apply = (
        quarter(37),
        quarter(17, "organization", "trv"),
        quarter(14, "organization", "ben"),
        quarter(6, "organization", "tax"),
        quarter(14, "service", "apply"),
    )
    cells = {whole[0], trv[0], apply[0]}
    assert closed(whole, trv, ben, tax, apply, shown=cells, known=cells) == {"trv"}
    # an earlier release that withheld apply doesn't tell how many more it has
    assert closed(whole, trv, ben, tax, apply, shown=cells, known=cells - {apply[0]}) == set()
    # 4 of the 14 came to no service: they and those of tax are 10
    fewer = quarter(10, "service", "apply")
    assert closed(whole, trv, ben, tax, fewer, shown=cells, known=cells) == set()


def test_what_was_never_shown_is_no_difference():
    phone = quarter(3, "channel", "phone")
    assert closed(phone, known=[]) == set()
    assert closed(phone, shown=[]) == set(), "nor is what is withheld now"
    assert closed(
        quarter(9, "service", "apply"), quarter(11, "service", "status"), quarter(20, "organization", "ben")
    ) == {
        "apply",
        "status",
    }


def test_who_was_withheld_and_is_the_same_people_goes_on_being_withheld():
    """Beside 5 by e-mail 12 by phone were withheld: told now, all less these would be the 5."""
    whole, phone = quarter(0), quarter(0, "channel", "phone")
    assert closed(whole, phone, known=[whole[0]]) == set()
    assert closed(whole, phone, known=[whole[0]], untold=[phone[0]]) == {"phone", "all"}
    # 13 more of them: what the 5 are does not follow any more
    more = quarter(13), quarter(13, "channel", "phone")
    assert closed(*more, known=[whole[0]], untold=[phone[0]]) == set()


def test_who_is_of_another_segment_by_now_changes_nothing_else():
    """13 of 13 veterans are owners by now but for one, who is a student; all are the same people."""
    veterans, owners, student = (quarter(n, "segment", name) for n, name in ((-13, "v"), (12, "o"), (1, "s")))
    everybody, _ = quarter(0)
    cells = {everybody, veterans[0], owners[0], student[0]}
    assert closed(veterans, owners, student, shown=cells, known=cells) == {"s", "o"}
    # nobody's segment is known any more: what is held hides it, and all stays as it is
    lost = quarter(-1, "segment", "v")
    assert closed(lost, shown=cells, known=cells) == {"v"}


def test_a_year_that_was_never_shown_is_withheld_before_its_quarter_stays_behind():
    """3 answers came late to the first quarter, 40 are of the second: the year less these tells of 3."""
    first, second, year = (
        Cell("trust", *period, "all", "all")
        for period in (("quarter", date(2025, 10, 1)), ("quarter", JANUARY), ("year", date(2025, 10, 1)))
    )
    moves = (first, [Move(6)]), (second, [Move(80)]), (year, [Move(86)])
    assert closed_cells(*moves, known=[first]) == {first, year}
    assert closed_cells(*moves, known=[first, second]) == {first, year}
    assert closed_cells(*moves, known=[first, second, year]) == {first, second}


def test_the_fewest_that_can_have_moved_two_counts():
    """12 more of whom 3 are seen; one of the same people more is seen; 12 who came to be seen."""
    assert [Move(3, 9).size, Move(1, -1).size, Move(12, -12).size] == [12, 1, 12]
