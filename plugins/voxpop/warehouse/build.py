"""One build of the warehouse, step by step: `begin`, `run_layer` for each of `LAYERS`, `finish`.

Each step may run in a process of its own and again after a crash. What a build works on is fixed in the
warehouse when it begins; batches count as built only when `finish` says so, in one transaction. A build that
doesn't end leaves its batches pending: the next one takes them up again, as unsettled, since some tables may
show them already.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from voxpop.config import Settings
from voxpop.errors import BuildError, UsageError
from voxpop.identity.links import link, train
from voxpop.identity.people import people
from voxpop.raw.exclusions import exclusions
from voxpop.raw.manifests import Manifest, visible
from voxpop.warehouse import lock, seeds
from voxpop.warehouse.complete import complete_to, time_zones
from voxpop.warehouse.dbt import Dbt, ModelResult
from voxpop.warehouse.denied_rows import DENIED_IS_KNOWN, rows_of_nobody
from voxpop.warehouse.fingerprint import FOLLOWED, fingerprint
from voxpop.warehouse.goal_rows import ONE_ROW_A_PERIOD, filters_too_wide
from voxpop.warehouse.pending import PendingBatch, all_batches, pending_batches
from voxpop.warehouse.seed_tables import Policy
from voxpop.warehouse.state import BuildState, MadeBy, OpenRun, connected, opened

LAYERS = ("seeds", "staging", "intermediate", "marts")
"""In the order in which they are built."""

_SELECTED: dict[str, tuple[str, str | None]] = {
    "seeds": ("resource_type:seed", None),
    "staging": ("path:models/staging", None),
    "intermediate": ("path:models/intermediate", "path:models/marts+"),
    "marts": ("path:models/marts+", None),
}
"""What dbt selects and leaves out; an intermediate model that stands on facts is built with the marts."""

_OF_SEEDS = "tag:of_seeds"
"""Models that stand on seeds alone."""

Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Plan:
    """What a build works on.

    Attributes:
        run_id: who began it.
        batches: what it takes in, leaves out or takes back in.
        is_full_refresh: whether everything is built anew.
        reason: why, if it is; empty if not.
        parts_anew: whether the seed that says which identifiers are not one person's has changed.
        nothing_to_do: the warehouse holds what has landed; the other steps do nothing then.
    """

    run_id: str
    batches: tuple[PendingBatch, ...]
    is_full_refresh: bool
    reason: str
    parts_anew: bool
    nothing_to_do: bool


def begin(settings: Settings, *, run_id: str, sources: Collection[str], full_refresh: bool = False) -> Plan:
    """Fix what this build works on.

    Args:
        settings: where everything is.
        run_id: the run's name, kept beside what it builds.
        sources: the configured sources: what landed of others holds nothing up.
        full_refresh: build everything anew, though nothing asks for it.

    Raises:
        Locked: another process works on the warehouse.
        ConfigError: a seed can't be used; names file, row and reason.
    """
    with lock.hold(settings, "begin"):
        return _begin(settings, run_id, sources, full_refresh)


def run_layer(settings: Settings, layer: str) -> list[ModelResult]:
    """Build one layer; nothing if no build is open, and no seeds if they are what they were.

    Raises:
        Locked: another process works on the warehouse.
        ConfigError: a goal's filter leaves several rows of a period, or a denied pair names a token that no
            record carries; names file, row and reason.
        BuildError: a model or test failed, or a layer before this one is not built yet.
    """
    with lock.hold(settings, layer):
        return _run_layer(settings, layer, Dbt(settings))


def finish(settings: Settings) -> None:
    """Mark the batches as built; nothing if no build is open.

    Raises:
        Locked: another process works on the warehouse.
        BuildError: a layer is not built yet.
    """
    with lock.hold(settings, "finish"):
        _finish(settings)


def build(
    settings: Settings,
    *,
    run_id: str,
    sources: Collection[str],
    full_refresh: bool = False,
    progress: Progress,
) -> Plan:
    """Do all steps in this process, holding the lock from the first to the last.

    Args:
        settings: where everything is.
        run_id: the run's name.
        sources: the configured sources, as in `begin`.
        full_refresh: build everything anew.
        progress: called after each layer with its name and how many models, seeds and tests ran.

    Returns:
        The plan that was carried out.

    Raises:
        Locked: another process works on the warehouse.
        ConfigError: a seed can't be used, a goal's filter leaves several rows of a period, or a denied pair
            names a token that no record carries.
        BuildError: a model or test failed.
    """
    with lock.hold(settings, "build"):
        plan = _begin(settings, run_id, sources, full_refresh)
        if not plan.nothing_to_do:
            dbt = Dbt(settings)
            for layer in LAYERS:
                results = _run_layer(settings, layer, dbt)
                progress(f"built {layer}", len(results))
            _finish(settings)
        return plan


def _begin(settings: Settings, run_id: str, sources: Collection[str], full_refresh: bool) -> Plan:
    seeds.check_seeds(settings)
    found = visible(settings)
    excluded = {batch_id: exclusion.reason for batch_id, exclusion in exclusions(settings).items()}
    made_by = MadeBy(fingerprint(settings), fingerprint(settings, but=FOLLOWED))
    with opened(settings) as state:
        reason = _why_full_refresh(state, found, made_by.method, full_refresh)
        if reason:
            batches = all_batches(found, excluded)
        else:
            batches = pending_batches(found, excluded, state.built(), state.pending())
        # What differs without a reason for a full refresh is a seed that is followed.
        plan = Plan(
            run_id,
            tuple(batches),
            is_full_refresh=bool(reason),
            reason=reason,
            parts_anew=not reason and state.made_by() != made_by,
            nothing_to_do=not (reason or batches or state.open_run()) and state.made_by() == made_by,
        )
        if plan.nothing_to_do:
            return plan
        # A tool that isn't used any more does not hold the others' days up.
        counted = [one for one in found if one.batch_id not in excluded and one.source in sources]
        state.begin(
            OpenRun(run_id, bool(reason), made_by, takes_over=state.open_run() is not None, layers=()),
            batches,
            excluded,
            complete_to(counted, time_zones(settings)),
        )
    return plan


def _why_full_refresh(state: BuildState, found: list[Manifest], method: str, is_asked_for: bool) -> str:
    run, before = state.open_run(), state.made_by()
    if is_asked_for:
        return "it was asked for"
    if before is None:
        return "nothing was built before"
    if before.method != method:
        return "models, seeds or engine have changed"
    if run and run.full_refresh:
        return "the last full refresh did not end"
    if not (state.built().keys() | state.pending()) <= {manifest.batch_id for manifest in found}:
        return "batches that were built are gone from raw"
    return ""


def _run_layer(settings: Settings, layer: str, dbt: Dbt) -> list[ModelResult]:
    if layer not in LAYERS:
        raise UsageError(f"build: there is no layer {layer!r}; the layers are {', '.join(LAYERS)}.")
    with opened(settings) as state:
        run, made_by = state.open_run(), state.made_by()
    if run is None:
        return []
    before = LAYERS[: LAYERS.index(layer)]
    if run.layers[: len(before)] != before:
        raise BuildError(
            f"build: {layer} comes after {', '.join(before)}, and of those run {run.run_id!r} has built "
            f"{', '.join(run.layers) or 'none'}. Begin again: another build may have taken over."
        )
    if layer == "intermediate":
        _link(settings)
    if layer == "seeds" and not run.full_refresh and run.made_by == made_by and not run.takes_over:
        results = []
    else:
        results = _dbt_build(dbt, layer, run.full_refresh)
    with opened(settings) as state:
        state.layers_done((*before, layer))
    return results


def _link(settings: Settings) -> None:
    """Link records by what they say of persons, if there is a model to do it by; else there are no links."""
    links = None
    if settings.link_model.exists():
        policy = {row.policy: row.value for row in seeds.rows_of(settings, "policy", Policy)}
        with connected(settings) as warehouse:
            found = people(warehouse, visible(settings))
        if found.num_rows:
            links = link(found, settings.link_model, least_weight=policy["link_min_weight"])
    with opened(settings) as state:
        state.replace_links(links)


def train_links(settings: Settings) -> int:
    """Train the model that records are linked by, from the records that count, and write its file.

    Returns:
        How many records it is trained of.

    Raises:
        Locked: another process works on the warehouse.
        ConfigError: splink is not installed, or too little is known of people.
    """
    with lock.hold(settings, "train-links"), connected(settings) as warehouse:
        found = people(warehouse, visible(settings))
    train(found, settings.link_model)
    return int(found.num_rows)


def _dbt_build(dbt: Dbt, layer: str, full_refresh: bool) -> list[ModelResult]:
    select, exclude = _SELECTED[layer]
    if not full_refresh:
        # Where another seed has changed, everything is built anew.
        if layer == "seeds":
            select = " ".join(sorted(FOLLOWED))
        exclude = " ".join(filter(None, [exclude, _OF_SEEDS]))
    try:
        return dbt.build(select, exclude, full_refresh=full_refresh)
    except BuildError as error:
        # What a goal's filter leaves is known when its table is built, and not before.
        if ONE_ROW_A_PERIOD in error.failed:
            raise filters_too_wide(dbt.settings) from error
        # Nor is it known before identity is built which tokens there are.
        if DENIED_IS_KNOWN in error.failed:
            raise rows_of_nobody(dbt.settings) from error
        raise


def _finish(settings: Settings) -> None:
    with opened(settings) as state:
        run = state.open_run()
        if run is None:
            return
        if run.layers != LAYERS:
            raise BuildError(
                f"build: run {run.run_id!r} has built {', '.join(run.layers) or 'no layer'} "
                f"of {', '.join(LAYERS)}; its batches stay pending."
            )
        state.finish(run)
