"""The sample agency itself: a seed, what it offers, whom it serves, and why things happen there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from voxpop.errors import ConfigError
from voxpop.sample_agency.catalogue import Catalogue, load_catalogue
from voxpop.sample_agency.causes import CAUSES, Causes, ServiceCauses
from voxpop.sample_agency.people import People, make_people


@dataclass(frozen=True)
class Agency:
    """Everything that the agency's records follow from."""

    seed: int
    causes: Causes
    catalogue: Catalogue
    people: People

    @cached_property
    def service_causes(self) -> tuple[ServiceCauses, ...]:
        """The causes of each service, in the catalogue's order."""
        known = {cause.service_id: cause for cause in self.causes.services}
        return tuple(known[service.service_id] for service in self.catalogue.services)

    @cached_property
    def time_zones(self) -> tuple[str, ...]:
        """The IANA zones that the services keep."""
        return tuple(dict.fromkeys(service.time_zone for service in self.catalogue.services))


def make_agency(seeds: Path, seed: int = 7, causes: Causes = CAUSES) -> Agency:
    """Make the agency.

    Args:
        seeds: folder of the seeds that say what the agency offers.
        seed: the same seed, seeds and causes give the same records.
        causes: why things happen.

    Raises:
        ConfigError: a seed is missing or a service has no causes.
    """
    catalogue = load_catalogue(seeds)
    known = {cause.service_id for cause in causes.services}
    unknown = [service.service_id for service in catalogue.services if service.service_id not in known]
    if unknown:
        raise ConfigError(
            f"{seeds / 'services.csv'}: the sample agency has no causes for {', '.join(unknown)}; "
            "it can only make records of its own services"
        )
    return Agency(seed, causes, catalogue, make_people(seed, causes))
