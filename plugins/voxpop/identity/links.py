"""Which records are one person's by what they say of them: Fellegi and Sunter's weights, by splink.

The model is trained once, by hand, and frozen: a JSON file beside `sources.yml`. With the same file and the
same records there are the same links. Without the file nobody is linked.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from voxpop.errors import ConfigError
from voxpop.raw.records import PERSON_FIELDS

_PAIRS_AT_RANDOM = 1_000_000
_BLOCKS: tuple[tuple[str, ...], ...] = (
    ("date_of_birth",),
    ("given_name", "surname"),
    ("surname", "locality"),
    ("surname", "postcode"),
    ("surname", "street_number"),
    ("given_name", "postcode"),
    ("given_name", "street_number"),
    ("street", "postcode"),
)
"""Pairs that agree on one of these are looked at."""
_SURE: tuple[tuple[str, ...], ...] = (
    ("given_name", "date_of_birth"),
    ("surname", "date_of_birth"),
    ("surname", "street", "postcode"),
)
"""Who agrees on one of these is taken for one person, to tell how many are; these find most of them."""
_SHARE_FOUND = 0.8


def link(people: pa.Table, model: Path, *, least_weight: float) -> pa.Table:
    """Link records by a frozen model.

    Args:
        people: as `voxpop.identity.people.people` gives them.
        model: the file that `train` has filled.
        least_weight: base 2 logarithm of the odds from which two records are taken for one person's.

    Returns:
        One row a record that is linked with others: `_record_key`, `link` (32 hex digits, the same for all
        records that are linked, directly or over others), `match_weight` (of its best pair) and `seen_at` of
        the record. Nothing else of it leaves.

    Raises:
        ConfigError: splink is not installed, or the file is no model of these fields.
    """
    splink = _splink(model)
    settings = _settings(model)
    with duckdb.connect() as work:
        linker = _linker(splink, work, people, settings)
        pairs = linker.inference.predict(threshold_match_weight=least_weight)
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            pairs, threshold_match_weight=least_weight
        )
        found = f"""
            with ends as (
                select _record_key_l as _record_key, match_weight from {pairs.physical_name}
                union all
                select _record_key_r, match_weight from {pairs.physical_name}
            ),
            best as (
                select _record_key, max(match_weight) as match_weight from ends group by _record_key
            ),
            smallest as (
                select cluster_id, min(_record_key) as _record_key from {clusters.physical_name} group by all
            )
            select
                best._record_key,
                left(sha256(smallest._record_key), 32) as link,
                best.match_weight,
                people.seen_at
            from best
            inner join {clusters.physical_name} as clusters using (_record_key)
            inner join smallest on clusters.cluster_id = smallest.cluster_id
            inner join people on best._record_key = people._record_key
            order by link, _record_key
        """  # noqa: S608 - names that splink has made
        return work.execute(found).to_arrow_table()


def train(people: pa.Table, model: Path) -> None:
    """Estimate a model's parameters from records by expectation maximisation, and write the file.

    Args:
        people: as `voxpop.identity.people.people` gives them.
        model: where the file goes.

    Raises:
        ConfigError: splink is not installed, or the records say too little to tell people by.
    """
    splink = _splink(model)
    with duckdb.connect() as work:
        linker = _linker(splink, work, people, _untrained())
        training = linker.training
        try:
            training.estimate_probability_two_random_records_match(
                [splink.block_on(*fields) for fields in _SURE], recall=_SHARE_FOUND
            )
            training.estimate_u_using_random_sampling(max_pairs=_PAIRS_AT_RANDOM, seed=1)
            for block in ("date_of_birth", "postcode"):
                training.estimate_parameters_using_expectation_maximisation(splink.block_on(block))
        except Exception as error:
            raise ConfigError(
                f"{model}: no model can be trained of {people.num_rows} records that name a person "
                f"({type(error).__name__}). Nothing was written; train it with more records, or with more of "
                f"the fields {', '.join(PERSON_FIELDS)}."
            ) from None
        settings = linker.misc.save_model_to_json()
    # how often each name occurs would be personal data; parameters are not
    model.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")


def _splink(model: Path) -> Any:
    try:
        import splink
        import splink.comparison_library
    except ImportError:
        raise ConfigError(
            f"{model}: records are linked with splink, which is not installed. Nothing was changed; install "
            "it (`pip install 'voxpop[splink]'`), or remove the file to link no records."
        ) from None
    return splink


def _linker(splink: Any, work: duckdb.DuckDBPyConnection, people: pa.Table, settings: Any) -> Any:
    work.execute("set threads = 2")
    work.register("arrived", people)
    work.execute("create table people as select * from arrived")
    registered = splink.DuckDBAPI(work).register(work.table("people"))
    return splink.Linker(registered, settings, log_level=logging.ERROR)


def _settings(model: Path) -> Any:
    try:
        settings = json.loads(model.read_text())
        compared = {each["output_column_name"] for each in settings["comparisons"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{model}: not a model ({type(error).__name__}). Nothing was linked; train it again."
        ) from None
    if not compared <= set(PERSON_FIELDS):
        raise ConfigError(
            f"{model}: compares {', '.join(sorted(compared - set(PERSON_FIELDS)))}, which is no field."
        )
    return settings


def _untrained() -> Any:
    import splink.comparison_library as compare
    from splink import SettingsCreator, block_on

    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="_record_key",
        comparisons=[
            compare.NameComparison("given_name"),
            compare.NameComparison("surname"),
            compare.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
            compare.DamerauLevenshteinAtThresholds("street", [2, 4]),
            compare.ExactMatch("street_number"),
            compare.DamerauLevenshteinAtThresholds("locality", [2]),
            compare.DamerauLevenshteinAtThresholds("postcode", [1, 2]),
        ],
        blocking_rules_to_generate_predictions=[block_on(*fields) for fields in _BLOCKS],
        retain_matching_columns=False,
    )
