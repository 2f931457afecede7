"""Genesys Cloud: conversation details by asynchronous jobs.

Contract: `/api/v2/analytics/conversations/details/jobs` of the platform API. One stream, `conversations`.
"""

from voxpop.sources.genesys.client import connect
from voxpop.sources.genesys.config import GenesysConfig as Config

__all__ = ["Config", "connect"]
