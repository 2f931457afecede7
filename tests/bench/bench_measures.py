"""How fast the measures are built. Run by hand: `python -m tests.bench.bench_measures` in the checkout.

Prints CPU seconds a model for 25,000 responses over nine fiscal quarters with seven Likert items, without
weights and with weights and sampling units. dbt's own time is not in it.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from tests.dbt.measures.sql import CX_INDEX, Measures
from tests.dbt.measures.tables import CHANNELS, SERVICES, answers, load, responses

DRIVERS = ("satisfaction", "trust", "effectiveness", "ease", "efficiency", "transparency", "employee")
RESPONSES = 25_000


def agency(seed: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Responses and the answers to each item, one in fourteen skipped."""
    random = np.random.default_rng(seed)
    service = random.choice(list(SERVICES), RESPONSES)
    days = pd.to_datetime("2024-04-01") + pd.to_timedelta(random.integers(0, 821, RESPONSES), unit="D")
    people = responses(
        RESPONSES,
        survey_id=service,
        service_id=service,
        organization_id=[SERVICES[name] for name in service],
        channel=random.choice(CHANNELS, RESPONSES),
        answered_local_date=days.date,
        weight=np.round(random.gamma(3, 0.4, RESPONSES) + 0.05, 9),
        cluster_id=[f"{number}" for number in random.integers(0, 2_000, RESPONSES)],
    )
    items = []
    for driver in DRIVERS:
        points = random.integers(1, 6, RESPONSES).astype(float)
        points[random.random(RESPONSES) < 0.07] = np.nan
        items.append(answers(people["response_id"], driver, points))
    return people, items


def main() -> None:
    """Print one line a model."""
    people, items = agency(7)
    unweighted = people.assign(cluster_id=pd.Series([None] * RESPONSES, dtype="string"))
    for name, rows, is_weighted in (
        ("unweighted", unweighted, False),
        ("weighted, in clusters", people, True),
    ):
        measures = Measures()
        load(measures, rows, *items, is_weighted=is_weighted)
        total = 0.0
        sys.stdout.write(f"{name}\n")
        for model in CX_INDEX:
            before = time.process_time()
            measures.build(model)
            taken = time.process_time() - before
            total += taken
            sys.stdout.write(f"  {model:36}{taken:6.2f} s\n")
        sys.stdout.write(f"  {'all':36}{total:6.2f} s\n")


if __name__ == "__main__":
    main()
