"""GSA's Digital Analytics Program (DAP): counts of visits to government websites, by report.

The API, version 2: `GET /reports/{report}/data`, `/agencies/{agency}/reports/{report}/data` and
`/domain/{domain}/reports/{report}/data`. One stream, `reports`: a record is a report's row.
"""

from voxpop.sources.dap.client import connect
from voxpop.sources.dap.config import DapConfig as Config

__all__ = ["Config", "connect"]
