"""What must hold of the public tables that say how good the data are: of surveys, identity and time."""

# ruff: noqa: S608 - the names in the SQL are our own

from __future__ import annotations

from collections.abc import Mapping

from expectations.measures import periods
from expectations.rules import Rule, few_are_withheld, is_settled, never, one_of, required, unique

_WHOLE_DAYS = 28
"""In a quarter's first weeks those whose offer lies before it are too many for its rate to be held to 1."""


def survey_quality(policy: Mapping[str, float]) -> list[Rule]:
    """One row per period, breakdown and member."""
    least = policy["suppression_min_n"]
    key = ("period_type", "period_start", "breakdown", "member")
    cell = "concat_ws(' ', period_label, breakdown, member)"
    shown = ", ".join(f"{figure}::varchar" for figure in _SURVEY_FIGURES.split())
    few = " or ".join(
        f"{count} between 1 and {least} - 1"
        for count in (
            "response_count",
            "respondent_count",
            "response_count - respondent_count",
            "deleted_count",
            "spam_count",
            "offered_respondent_count",
            "offered_count",
            "collected_without_clearance_count",
            "flagged_count",
            "archived_count",
            "no_valid_answer_count",
            "round(lowest_item_share * respondent_count)",
        )
    )
    return [
        required(*key, "suppressed", "low_n", blame=cell),
        unique(*key, blame=cell),
        one_of("breakdown", ("all", "organization", "survey"), blame=cell),
        *periods(cell),
        never(
            "no quarter's offers are answered by more people than were offered",
            "period_type = 'quarter' and response_rate > 1 and"
            " (select max(answered_local_date) from marts.fct_survey_responses) - period_start"
            f" >= {_WHOLE_DAYS}",
            blame=cell,
        ),
        never(
            "rates and shares are what their counts give, and shares between 0 and 1",
            "abs(response_rate - offered_respondent_count / nullif(offered_count, 0)) > 1e-9"
            " or aapor_rr1 not between 0 and 1 or lowest_item_share not between 0 and 1"
            " or known_segment_share not between 0 and 1 or tied_share not between 0 and 1",
            blame=cell,
        ),
        never(
            "a claim by segment is allowed where enough are known, and nothing said where the share isn't",
            "held_from is null and is_segment_claim_allowed is distinct from case when respondent_count = 0"
            f" then false else known_segment_share >= {policy['segment_claim_min_share']} end",
            blame=cell,
        ),
        never(
            "a withheld cell shows no figure",
            f"suppressed and coalesce({shown}) is not null",
            blame=cell,
        ),
        few_are_withheld(least, few, blame=cell),
        Rule(
            "no withheld survey is what is left of a published organization, or of all",
            f"""
            select any_value({cell}) filter (suppressed) as blame
            from tested
            where breakdown <> 'all' and exists (
                from tested as whole
                where whole.breakdown = 'all' and not whole.suppressed
                    and whole.period_type = tested.period_type and whole.period_start = tested.period_start
            )
            group by period_type, period_start, breakdown
            having count(*) > 1 and count(*) filter (suppressed) = 1 and bool_and(held_from is null)
            """,
        ),
        Rule(
            "no withheld count of responses is what is left of that of all",
            f"""
            select any_value({cell}) filter (response_count is null) as blame
            from tested
            where breakdown <> 'all' and exists (
                from tested as whole
                where whole.breakdown = 'all' and whole.response_count is not null
                    and whole.period_type = tested.period_type and whole.period_start = tested.period_start
            )
            group by period_type, period_start, breakdown
            having count(*) > 1 and count(*) filter (response_count is null) = 1
                and bool_and(held_from is null)
            """,
        ),
        Rule("responses and respondents are what the facts hold", _RESPONSES_AGAINST_QUALITY),
    ]


def timeliness() -> list[Rule]:
    """One row per source, stream and day."""
    own = "concat_ws(' ', source_system, stream, record_date)"
    return [
        required("landed_at", "published_at", blame=own),
        never("a day lands before it is published", "landed_at > published_at", blame=own),
        never(
            "a day is late where it landed more than 24 hours later than usual",
            "is_late <> (landed_hours > usual_landed_hours + 24)",
            blame=own,
        ),
    ]


def identity_quality(policy: Mapping[str, float]) -> list[Rule]:
    """One row per fiscal quarter, breakdown and member."""
    least = policy["suppression_min_n"]
    cell = "concat_ws(' ', period_label, breakdown, member)"
    return [
        unique("period_start", "breakdown", "member", blame=cell),
        *periods(cell),
        never(
            "matched records are identified ones, and those are records",
            "not (matched_count <= identified_count and identified_count <= record_count)"
            " or abs(matched_share - matched_count / record_count) > 1e-9",
            blame=cell,
        ),
        never(
            "a record is matched, undecided or unknowable",
            "abs(matched_share + undecided_share + unknowable_share - 1) > 1e-9"
            " or abs(identified_share + unknowable_share - 1) > 1e-9",
            blame=cell,
        ),
        never(
            "nothing joins what is matched to nobody",
            "unjoined_count not between record_count - matched_count and record_count"
            " or abs(unjoined_share - unjoined_count / record_count) > 1e-9",
            blame=cell,
        ),
        never(
            "a withheld cell shows no figure",
            "suppressed and coalesce(record_count, identified_count, matched_count, unjoined_count,"
            " customer_count, identified_share, matched_share, unknowable_share, undecided_share,"
            " unjoined_share) is not null",
            blame=cell,
        ),
        few_are_withheld(
            least, f"record_count < {least} or customer_count between 1 and {least} - 1", blame=cell
        ),
        Rule(
            "no withheld member is what is left of a published whole",
            f"""
            select any_value({cell}) filter (suppressed) as blame
            from tested
            where breakdown <> 'all' and exists (
                from tested as whole
                where whole.breakdown = 'all' and not whole.suppressed
                    and whole.period_start = tested.period_start
            )
            group by period_start, breakdown
            having count(*) > 1 and count(*) filter (suppressed) = 1 and bool_and(held_from is null)
            """,
        ),
        Rule(
            "records and matches are what the facts hold",
            _RECORDS_AGAINST_IDENTITY.format(
                is_settled=is_settled("(found.period_start + interval 3 months)::date", policy)
            ),
        ),
    ]


_RECORDS_AGAINST_IDENTITY = """
    with facts as (
        select started_local_date as day, source_system, customer_id from marts.fct_interactions
        where direction = 'inbound'
        union all
        select answered_local_date, source_system, customer_id from marts.fct_survey_responses
        where is_counted and answered_local_date is not null
    ),
    found as (
        select
            date_trunc('quarter', day)::date as period_start, breakdown,
            if(breakdown = 'all', 'all', source_system) as member,
            count(*) as records, count(customer_id) as matched
        from facts
        cross join (values ('all'), ('source')) as breakdowns (breakdown)
        group by all
    )
    select concat_ws(' ', found.period_start, found.breakdown, found.member) as blame
    from found
    left join tested using (period_start, breakdown, member)
    where not coalesce(tested.suppressed, false) and tested.held_from is null
        and (found.records, found.matched) is distinct from (tested.record_count, tested.matched_count)
        and (found.period_start in (select told.period_start from tested as told) or {is_settled})
"""


def survey_nonresponse(policy: Mapping[str, float]) -> list[Rule]:
    """One row per fiscal quarter, characteristic and class."""
    least, enough = policy["suppression_min_n"], policy["segment_claim_min_share"]
    key = ("period_start", "breakdown", "member")
    cell = "concat_ws(' ', period_label, breakdown, member)"
    shown = ", ".join(f"{figure}::varchar" for figure in _NONRESPONSE_FIGURES.split())
    claims = ", ".join(f"{figure}::varchar" for figure in _NONRESPONSE_CLAIMS.split())
    few = " or ".join(
        f"{count} between 1 and {least} - 1"
        for count in ("offered_count", "respondent_count", "offered_count - respondent_count", "rated_count")
    )
    return [
        required(*key, "suppressed", "low_n", blame=cell),
        unique(*key, blame=cell),
        one_of("breakdown", ("channel", "service", "segment", "wait", "resolution"), blame=cell),
        *periods(cell),
        never(
            f"nothing is compared where fewer than {enough:g} are known or more answered than were offered",
            "is_claim_allowed and"
            f" (least(known_offered_share, known_respondent_share) < {enough} - 1e-9"
            " or respondent_count > offered_count)"
            f" or is_claim_allowed is not true and coalesce({claims}) is not null",
            blame=cell,
        ),
        never(
            "a gap is the share of respondents less that of the offered, inside its interval",
            "abs(respondent_share - offered_share - gap) > 1e-9"
            " or gap not between gap_low - 1e-9 and gap_high + 1e-9"
            " or (gap is null) <> (gap_low is null) or (gap is null) <> (gap_high is null)",
            blame=cell,
        ),
        Rule(
            "the classes are all of those compared, and their shares add up to 1",
            f"""
            select any_value({cell}) as blame
            from tested
            group by period_start, breakdown
            having not bool_or(suppressed) and bool_and(held_from is null) and (
                sum(offered_count) filter (member <> 'all')
                is distinct from sum(offered_count) filter (member = 'all')
                or bool_or(is_claim_allowed) and (
                    coalesce(abs(sum(offered_share) - 1), 1) > 1e-6
                    or coalesce(abs(sum(respondent_share) - 1), 1) > 1e-6
                )
            )
            """,
        ),
        never("a withheld cell shows no figure", f"suppressed and coalesce({shown}) is not null", blame=cell),
        few_are_withheld(least, few, blame=cell),
        Rule(
            "no withheld class is what is left of a published whole",
            f"""
            select any_value({cell}) filter (suppressed) as blame
            from tested
            group by period_start, breakdown
            having count(*) > 2 and count(*) filter (suppressed and member <> 'all') = 1
                and bool_or(not suppressed and member = 'all') and bool_and(held_from is null)
            """,
        ),
        Rule(
            "no class is compared with a withheld whole",
            f"""
            select any_value({cell}) filter (not suppressed and held_from is null) as blame
            from tested
            group by period_start, breakdown
            having bool_or(suppressed and member = 'all')
                and bool_or(not suppressed and held_from is null)
            """,
        ),
        Rule(
            "no service shows what is withheld of its survey",
            """
            select concat_ws(' ', tested.period_label, tested.member) as blame
            from tested
            inner join marts.dim_surveys as surveys on tested.member = surveys.service_id
            inner join marts.survey_quality as quality on surveys.survey_id = quality.member
            where tested.breakdown = 'service' and not tested.suppressed and quality.suppressed
                and coalesce(tested.held_from, quality.held_from) is null
                and quality.breakdown = 'survey' and quality.period_type = 'quarter'
                and quality.period_start = tested.period_start
            """,
        ),
        Rule(
            "no known share tells what is withheld of all answers",
            """
            select concat_ws(' ', tested.period_label, tested.breakdown) as blame
            from tested
            inner join marts.survey_quality as quality using (period_start)
            where tested.breakdown in ('channel', 'service') and not tested.suppressed and quality.suppressed
                and coalesce(tested.held_from, quality.held_from) is null
                and quality.breakdown = 'all' and quality.period_type = 'quarter'
            """,
        ),
        Rule("contacts by how they ended are what the facts hold", _CONTACTS_AGAINST_NONRESPONSE),
        Rule("answers of all classes together are what the facts hold", _ANSWERS_AGAINST_NONRESPONSE),
    ]


_NONRESPONSE_CLAIMS = """
    offered_share respondent_share gap gap_low gap_high rated_count satisfaction weighted_satisfaction
    satisfaction_difference
"""
_NONRESPONSE_FIGURES = f"""
    offered_count respondent_count known_offered_share known_respondent_share is_claim_allowed
    {_NONRESPONSE_CLAIMS}
"""

_CONTACTS_AGAINST_NONRESPONSE = """
    with found as (
        select
            date_trunc('quarter', started_local_date)::date as period_start,
            if(whole, 'all', if(is_resolved, 'resolved', 'not resolved')) as member,
            count(*) as contacts
        from marts.fct_interactions
        cross join (values (true), (false)) as parts (whole)
        where is_survey_offered and customer_id is not null and is_resolved is not null
        group by all
    )
    select concat_ws(' ', found.period_start, found.member) as blame
    from found
    left join (from tested where breakdown = 'resolution') as shown using (period_start, member)
    where not coalesce(shown.suppressed, false) and shown.held_from is null
        and found.contacts is distinct from shown.offered_count
"""

_ANSWERS_AGAINST_NONRESPONSE = """
    with found as (
        select date_trunc('quarter', answered_local_date)::date as period_start, count(*) as answers
        from marts.fct_survey_responses
        where is_counted
        group by all
    )
    select concat_ws(' ', tested.period_label, tested.breakdown) as blame
    from tested
    left join found using (period_start)
    where tested.breakdown in ('channel', 'service') and tested.member = 'all' and not tested.suppressed
        and tested.held_from is null
        and coalesce(
            abs(tested.known_respondent_share * found.answers - tested.respondent_count) > 1e-3,
            tested.respondent_count > 0
        )
"""

_SURVEY_FIGURES = """
    response_count respondent_count deleted_count spam_count flagged_count archived_count
    no_valid_answer_count unknown_channel_count collected_without_clearance_count customer_count
    offered_count offered_respondent_count without_offer_count response_rate is_cohort_mismatched
    aapor_rr1 lowest_item lowest_item_share nonresponse_bias_analysis_required known_segment_share
    is_segment_claim_allowed tied_share
"""

_RESPONSES_AGAINST_QUALITY = """
    with found as (
        select
            period_type, date_trunc(period_type, answered_local_date)::date as period_start, breakdown,
            if(breakdown = 'all', 'all', survey_id) as member,
            count(*) as responses, count(*) filter (is_counted) as respondents,
            count(*) filter (is_counted and collected_without_clearance) as without_clearance
        from marts.fct_survey_responses
        cross join (values ('month'), ('quarter')) as period_types (period_type)
        cross join (values ('all'), ('survey')) as breakdowns (breakdown)
        where answered_local_date is not null
        group by all
    ),
    -- periods of the quarters in which a survey is held, or withheld
    hiding as (
        select distinct tested.period_start
        from tested
        inner join tested as other
            on date_trunc('quarter', tested.period_start) = date_trunc('quarter', other.period_start)
        where other.breakdown <> 'all' and (other.suppressed or other.held_from is not null)
    )
    select concat_ws(' ', found.period_type, found.period_start, found.breakdown, found.member) as blame
    from found
    full join (
        from tested where breakdown in ('all', 'survey') and not suppressed and held_from is null
    ) as shown
        using (period_type, period_start, breakdown, member)
    where not exists (
        from tested
        where (tested.suppressed or tested.held_from is not null)
            and tested.period_type = found.period_type
            and tested.period_start = found.period_start and tested.breakdown = found.breakdown
            and tested.member = found.member
    )
    and (
        -- withheld alone where it would tell of few who don't count
        coalesce(found.responses, 0) is distinct from coalesce(shown.response_count, found.responses)
        or coalesce(found.respondents, 0) is distinct from shown.respondent_count
        -- left out where it would give a survey's count away
        or coalesce(found.without_clearance, 0)
        is distinct from coalesce(
            shown.collected_without_clearance_count,
            case
                when found.without_clearance > 0 or period_start in (from hiding)
                    then coalesce(found.without_clearance, 0)
            end
        )
    )
"""
