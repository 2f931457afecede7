"""GSA Touchpoints: survey responses ("submissions") of the forms that `sources.yml` lists.

Contract: the tool's own OpenAPI description, `GET /forms/{short_uuid}/responses`. One stream, `responses`.
"""

from voxpop.sources.touchpoints.client import connect
from voxpop.sources.touchpoints.config import TouchpointsConfig as Config

__all__ = ["Config", "connect"]
