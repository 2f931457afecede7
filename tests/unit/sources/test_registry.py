"""`sources.yml`: what is good is read, and a mistake is named with its file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from voxpop.config import PROJECT, Settings, load_settings
from voxpop.errors import ConfigError, UsageError
from voxpop.sources.dap.config import DapConfig
from voxpop.sources.dap.files import DapFiles
from voxpop.sources.ga4.config import Ga4Config
from voxpop.sources.genesys.config import GenesysConfig
from voxpop.sources.registry import find_sources, load_sources
from voxpop.sources.targets.interaction import InteractionFiles
from voxpop.sources.targets.priority_goal_value import PriorityGoalValueFiles
from voxpop.sources.targets.survey_offer import SurveyOfferFiles
from voxpop.sources.targets.survey_response import SurveyResponseFiles
from voxpop.sources.touchpoints.config import TouchpointsConfig

GOOD = """\
sources:
  touchpoints:
    kind: touchpoints
    connection: tp
    repull_days: 35
    forms:
      - {id: "569499e0", identifiers: {answer_10: email}}
  visits:
    kind: file_drop
    folder: drop/visits
    pattern: "*.csv"
    format: csv
    maps_to: interaction
    fields:
      interaction_id: Visit
      started_at: In
      source_channel: {constant: VISIT}
      is_resolved: {column: Done, values: {"Y": true, "N": false}}
    identifiers:
      Mail: email
  genesys:
    kind: genesys
    connection: gc
    repull_days: 4
    identifiers: {attributes.case: case,
                  ani: phone}
"""


def read(tmp_path: Path, text: str) -> dict[str, object]:
    path = tmp_path / "sources.yml"
    path.write_text(text)
    return dict(load_sources(Settings(home=tmp_path, sources_file=path, seeds=tmp_path)))


def test_what_is_good_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD)
    assert list(found) == ["touchpoints", "visits", "genesys"]
    tool, drop = found["touchpoints"], found["visits"]
    assert isinstance(tool, TouchpointsConfig) and isinstance(drop, InteractionFiles)
    assert (tool.name, tool.kind, tool.connection, tool.repull_days) == (
        "touchpoints",
        "touchpoints",
        "tp",
        35,
    )
    assert tool.is_windowed and not drop.is_windowed and drop.connection is None
    assert drop.fields.interaction_id.column == "Visit"
    assert drop.fields.source_channel.constant == "VISIT"


def test_the_shipped_configuration_is_good() -> None:
    found = load_sources(load_settings({}))
    assert {name: type(source) for name, source in found.items()} == {
        "touchpoints": TouchpointsConfig,
        "genesys": GenesysConfig,
        "field_offices": InteractionFiles,
        "text_messages": InteractionFiles,
        "kiosk_surveys": SurveyResponseFiles,
        "survey_offers": SurveyOfferFiles,
        "goal_values": PriorityGoalValueFiles,
        "web": Ga4Config,
        "dap": DapConfig,
        "dap_files": DapFiles,
    }


def test_the_shipped_forms_are_the_surveys() -> None:
    settings = load_settings({})
    touchpoints = load_sources(settings)["touchpoints"]
    assert isinstance(touchpoints, TouchpointsConfig)
    rows = [line.split(",") for line in (settings.seeds / "surveys.csv").read_text().splitlines()]
    source, form = rows[0].index("source_system"), rows[0].index("source_form_id")
    expected = {row[form] for row in rows[1:] if "touchpoints" in row[source:form]}
    assert len(expected) == 12
    assert {each.id for each in touchpoints.forms} == expected


def test_every_example_is_good() -> None:
    examples = list((PROJECT / "config" / "examples").iterdir())
    assert examples
    for folder in examples:
        assert load_sources(load_settings({"VOXPOP_CONFIG": str(folder)}))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "repull_days: 35",
            "repul_days: 35",
            r"^\S+: line 5: \S+\.repul_days: there is no such key; did you mean repull_days\?$",
        ),
        (
            "repull_days: 35",
            "repull_days: 35\n    password: x",
            r"^\S+: line 6: sources\.touchpoints\.password: there is no such key\.$",
        ),
        (
            "repull_days: 35",
            "repull_days: soon",
            r"line 5: .*\.repull_days: .*valid integer",
        ),
        ("connection: tp", "# none", r"line 2: sources\.touchpoints\.connection: it is missing\.$"),
        (
            "kind: touchpoints",
            "kind: touchpoint",
            r"line 3: .*\.touchpoints\.kind: it is one of touchpoints",
        ),
        (
            "answer_10: email",
            "answer_10: fax",
            r"line 7: .*\.forms\.0\.identifiers\.answer_10:",
        ),
        ("kind: touchpoints", "kind: touchpoints\n    name: x", r"line 4: .*name already"),
        ("  visits:", "  Visits:", r"line 8: sources\.Visits: a source.s name is made of a–z"),
        (
            "maps_to: interaction",
            "maps_to: call",
            r"line 13: sources\.visits\.maps_to: it is one of interaction, ",
        ),
        (
            "started_at: In",
            "start: In",
            r"sources\.visits\.fields\.started_at: it is missing",
        ),
        ("interaction_id: Visit", "interaction_id: 7", r"line 15: sources\.visits\.fields\.interaction_id"),
        (
            "started_at: In",
            "started_at: {column: no}",
            r"line 16: .*\.started_at\.column: it has to be text: put yes",
        ),
        ('"Y": true', "Yes: true", r"line 18: .*\.is_resolved\.values\.1: it has to be text: put yes"),
        ("ani: phone", "anni: phone", r"line 26: sources\.genesys\.identifiers\.anni: it is not read; there"),
        ("attributes.case: case", '"attributes.": case', r"line 25: .* it is not read; there are attributes"),
        ("Mail: email", "Mail: mail", r"line 20: sources\.visits\.identifiers\.Mail"),
        (
            '"Y": true',
            '"Y": done',
            r"line 18: .*\.is_resolved\.values\.Y: it is true or false, without quotes",
        ),
        (
            "{constant: VISIT}",
            "{constant: true}",
            r"line 17: .*\.source_channel\.constant: it has to be text",
        ),
        (
            "{constant: VISIT}",
            "{constant: V, column: C}",
            r"line 17: .*give one of column",
        ),
        ("{constant: VISIT}", "{template: V}", r"line 17: .*the template names no"),
        (
            "started_at: In",
            "started_at: {column: In, values: {}}",
            r"line 16: .*\.started_at\.values: there is no such key",
        ),
        (
            "format: csv",
            "format: csv\n    time_zone: Mars/Base",
            r"line 13: sources\.visits\.time_zone: 'Mars/Base' is no IANA time zone",
        ),
        (
            "format: csv",
            "format: pdf",
            r"line 12: sources\.visits\.format: Input should be .csv., .ndjson., .json., .parquet. or .xlsx.",
        ),
        (
            "format: csv",
            "format: ndjson\n    delimiter: ;",
            r"line 8: sources\.visits: `delimiter` goes with the format csv\.$",
        ),
        (
            "format: csv",
            "format: csv\n    names_row: 2",
            r"line 8: sources\.visits: `names_row` is one of the `header_rows`\.$",
        ),
        ("repull_days: 35", "connection: b", r"line 5: the key 'connection' stands here a second time"),
        ("repull_days: 35", "repull_days: [35", r"line 6: "),
    ],
)
def test_a_mistake_is_pointed_at(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(ConfigError, match=said) as raised:
        read(tmp_path, GOOD.replace(old, new))
    assert str(tmp_path / "sources.yml") in str(raised.value)


@pytest.mark.parametrize("text", ["", "- a", "sources: []", "tools: {}", "sources: {}\nmore: 1"])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="it holds one key, `sources`"):
        read(tmp_path, text)


def test_no_source_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"line 1: sources: it names no source\.$"):
        read(tmp_path, "sources: {}")


def test_no_file_and_no_text(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, sources_file=tmp_path / "none.yml", seeds=tmp_path)
    with pytest.raises(ConfigError, match=r"none\.yml: no such file"):
        load_sources(settings)
    (tmp_path / "none.yml").write_bytes(b"sources:\n  caf\xe9: {}\n")
    with pytest.raises(ConfigError, match="not UTF-8 at byte 14"):
        load_sources(settings)


def test_sources_are_found_by_name_in_the_order_asked_for_and_all_where_none_is_named() -> None:
    settings = load_settings({})
    assert [found.name for found in find_sources(settings, ["web", "genesys"])] == ["web", "genesys"]
    assert find_sources(settings, []) == list(load_sources(settings).values())
    with pytest.raises(
        UsageError, match=r'no source "nowhere" in sources\.yml\. There are: touchpoints, gen'
    ):
        find_sources(settings, ["web", "nowhere"])
