"""The audit's page: every expectation and what came of it, in one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from expectations.checkpoint import Outcome
from voxpop.release.manifest import Manifest


def render(manifest: Manifest, outcomes: Sequence[Outcome]) -> str:
    """Make the page's text.

    Args:
        manifest: the candidate's.
        outcomes: of every expectation that ran.

    Returns:
        One HTML document; the same candidate gives the same bytes.
    """
    environment = Environment(
        loader=PackageLoader("voxpop.audit"),
        autoescape=select_autoescape(["html", "j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    suites: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        suites.setdefault(outcome.suite, []).append(outcome)
    return environment.get_template("page.html.j2").render(
        manifest=manifest,
        suites=suites,
        count=len(outcomes),
        failed=[outcome for outcome in outcomes if not outcome.success and outcome.severity == "fail"],
        warned=[outcome for outcome in outcomes if not outcome.success and outcome.severity == "warn"],
    )
