"""GSA's Digital Analytics Program (DAP): counts of visits to government websites, by report.

The API, version 2: `GET /reports/{report}/data`, `/agencies/{agency}/reports/{report}/data` and
`/domain/{domain}/reports/{report}/data`. One stream, `reports`: a record is a report's row.
"""

from voxpop.sources.dap.client import connect

__all__ = ["connect"]
