"""The agency's tools over HTTP, as their vendors describe them: GSA Touchpoints and DAP, and Genesys Cloud.

What is served is what each tool would show at the end of one day. Pages are made when they are asked for.
"""

from __future__ import annotations

import base64
import binascii
import math
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import UUID

import msgspec
import numpy as np
from fastapi import FastAPI, Request, Response

from voxpop.sample_agency import dap, genesys, touchpoints
from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.catalogue import Form
from voxpop.sample_agency.clock import DAY_MS, day_number, stamps
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.draws import Flags, Ints, keys
from voxpop.sample_agency.events import Events
from voxpop.sample_agency.forms import form_resource
from voxpop.sample_agency.ga4 import HOST
from voxpop.sample_agency.misbehavior import Misbehavior, delivery, late_days

TOUCHPOINTS = "/analytics/touchpoints/v1"
DAP = "/analytics/dap/v2"
JOBS = "/api/v2/analytics/conversations/details/jobs"
RETRY_AFTER_SECONDS = 1

_FORM_PAGE, _FORM_PAGE_AT_MOST = 500, 5000
_RESULTS_PAGE_AT_MOST = 1000
_ROWS, _ROWS_AT_MOST = 1000, 10_000
_JOB_STATES = ("QUEUED", "PENDING", "FULFILLED")
_TOKEN_SECONDS = 86_400


@dataclass(frozen=True)
class Credentials:
    """What the tools accept."""

    api_key: str = field(repr=False)
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)


@dataclass
class _Tool:
    """How often a tool was asked, which decides when it turns a request away."""

    name: str
    requests: int = 0
    pages: int = 0
    has_refused: bool = False
    """The request before this one."""


@dataclass
class _Job:
    """A query over conversations."""

    rows: Ints
    """Positions in the table of conversations, in the order in which they are listed."""
    polls: int = 0


class Refusal(Exception):
    """An answer other than the one asked for."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.response = _json(body, status, headers)


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, "application/json")


def _whole(text: str | None, otherwise: int) -> int:
    try:
        return otherwise if text is None else int(text)
    except ValueError:
        return 0


class Tools:
    """Both tools as they stand at the end of the events' last day."""

    def __init__(
        self,
        agency: Agency,
        events: Events,
        misbehavior: Misbehavior,
        faults: frozenset[str],
        credentials: Credentials,
    ) -> None:
        self.agency = agency
        self.events = events
        self.misbehavior = misbehavior
        self.faults = faults
        self.credentials = credentials
        self.as_of_ms = (day_number(events.last) + 1) * DAY_MS
        self.changes = touchpoints.changes_of(events.submissions, misbehavior)
        self.shown = touchpoints.shown(self.changes, self.as_of_ms)
        contacts = events.conversations
        late = late_days(contacts.key, misbehavior)
        self.available: Flags = (contacts.start_ms // DAY_MS + late) * DAY_MS < self.as_of_ms
        self.reports = dap.Reports(agency, events, misbehavior)
        self.jobs: dict[str, _Job] = {}
        self.tokens: set[str] = set()

    # Both tools

    def turn_away(self, tool: _Tool) -> None:
        """Refuse a request for data now and then, but not two in a row."""
        tool.requests += 1
        after_refusal, tool.has_refused = tool.has_refused, True
        if "always_429" in self.faults or (
            not after_refusal and _is_turn(tool.requests, self.misbehavior.too_many_requests_every, 2)
        ):
            raise Refusal(
                429,
                {"message": "Rate limit exceeded", "status": 429},
                {"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        if not after_refusal and _is_turn(tool.requests, self.misbehavior.unavailable_every, 4):
            raise Refusal(503, {"message": "Service unavailable", "status": 503})
        tool.has_refused = False

    def page(self, tool: _Tool, body: bytes) -> Response:
        """A page of data, broken off where that fault was asked for."""
        tool.pages += 1
        if "cut_off_json" in self.faults and tool.pages > 1:
            body = body[: len(body) * 2 // 3]
        return Response(body, media_type="application/json")

    # Touchpoints

    def check_key(self, key: str | None) -> None:
        """Refuse a wrong or missing key, as the gateway before the tool does."""
        if "refuse_credentials" in self.faults or not secrets.compare_digest(
            key or "", self.credentials.api_key
        ):
            missing = key is None
            raise Refusal(
                403,
                {
                    "error": {
                        "code": "API_KEY_MISSING" if missing else "API_KEY_INVALID",
                        "message": "No API key was supplied."
                        if missing
                        else "An invalid API key was supplied.",
                    }
                },
            )

    def form(self, form_id: str) -> Form:
        """The form of this id."""
        for form in self.agency.catalogue.forms:
            if form.form_id == form_id:
                return form
        raise Refusal(404, {"error": "not found", "status": 404})

    def described(self, form: Form) -> dict[str, Any]:
        """A form as the tool describes it."""
        mine = (self.events.submissions.service == form.service) & self.shown
        last = stamps(self.events.submissions.created_ms[np.flatnonzero(mine)[-1:]])
        return form_resource(self.agency, form, int(mine.sum()), last[0].decode() if last else None)

    def responses(self, tool: _Tool, form: Form, query: dict[str, str], path: str) -> Response:
        """A page of a form's submissions.

        Args:
            tool: counts the page.
            form: whose.
            query: `page[number]`, `page[size]`, `start_date`, `end_date`.
            path: URL without the query, for the links.
        """
        size = _whole(query.get("page[size]"), _FORM_PAGE)
        number = _whole(query.get("page[number]"), 1)
        if not 1 <= size <= _FORM_PAGE_AT_MOST or number < 1:
            raise Refusal(
                400, {"error": f"page[size] must be 1 to {_FORM_PAGE_AT_MOST}, page[number] from 1"}
            )
        submissions = self.events.submissions
        created_on = submissions.created_ms // DAY_MS
        chosen = (submissions.service == form.service) & self.shown
        chosen &= created_on >= _day(query.get("start_date"), 0)
        chosen &= created_on <= _day(query.get("end_date"), 10**6)
        rows = np.flatnonzero(chosen)
        rows = rows[delivery(submissions.key[rows], self.misbehavior)]
        pages = math.ceil(len(rows) / size)
        here = rows[(number - 1) * size : number * size]
        documents = touchpoints.render(
            self.agency, take(submissions, here), take(self.changes, here), self.as_of_ms
        )
        if documents and "record_without_id" in self.faults:
            documents[0] = _without(documents[0], ("attributes", "uuid"))
        if documents and "unknown_question" in self.faults:
            documents[0] = documents[0].replace(b'"answer_20":null', b'"answer_20":"A box nobody knows of"')

        def link(page: int) -> str:
            given = {name: value for name, value in query.items() if name in ("start_date", "end_date")}
            return f"{path}?{urlencode({'page[number]': page, 'page[size]': size, **given})}"

        links = {
            "self": link(number),
            "first": link(1),
            "prev": link(number - 1) if number > 1 else None,
            "next": link(number + 1) if number < pages else None,
            "last": link(max(1, pages)),
        }
        meta = {"current_page": number, "page_size": size, "total_pages": pages, "total_count": len(rows)}
        return self.page(
            tool,
            b'{"data":[%b],"links":%b,"meta":%b}'
            % (b",".join(documents), msgspec.json.encode(links), msgspec.json.encode(meta)),
        )

    # DAP

    def report(self, tool: _Tool, report: str, owner: str | None, query: dict[str, str]) -> Response:
        """A page of a report: a bare array, the newest day first; empty for a report that nobody has.

        Args:
            tool: counts the page.
            report: its name.
            owner: the agency or website it is of; None: all agencies, of which there is no other here.
            query: `after`, `before`, `limit`, `page`.
        """
        try:
            after = date.fromisoformat(query.get("after", date.min.isoformat()))
            before = date.fromisoformat(query.get("before", date.max.isoformat()))
        except ValueError as error:
            said = "An error occurred. Please check the application logs."
            raise Refusal(400, {"message": said, "status": 400}) from error
        limit = _whole(query.get("limit"), _ROWS)
        limit = limit if 0 < limit <= _ROWS_AT_MOST else _ROWS_AT_MOST
        number = max(1, _whole(query.get("page"), 1))
        rows: list[bytes] = []
        if report in dap.REPORTS and owner in (None, dap.AGENCY, HOST):
            rows = self.reports.rows(report, after, before)
        here = rows[(number - 1) * limit : number * limit]
        if here and "record_without_id" in self.faults:
            here[0] = _without(here[0], ("date",))
        return self.page(tool, b"[%b]" % b",".join(here))

    # Genesys

    def token(self, authorization: str | None, form: str) -> Response:
        """A bearer token for the right client."""
        expected = f"{self.credentials.client_id}:{self.credentials.client_secret}"
        given = _basic(authorization)
        grant = parse_qs(form).get("grant_type", [""])[0]
        if "refuse_credentials" in self.faults or not secrets.compare_digest(given, expected.encode()):
            raise Refusal(401, {"error": "invalid_client", "error_description": "authentication failed"})
        if grant != "client_credentials":
            raise Refusal(400, {"error": "unsupported_grant_type"})
        token = secrets.token_urlsafe(32)
        self.tokens.add(token)
        return _json({"access_token": token, "token_type": "bearer", "expires_in": _TOKEN_SECONDS})

    def check_token(self, authorization: str | None) -> None:
        """Refuse a wrong or missing token."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or token not in self.tokens:
            raise Refusal(
                401, {"message": "Invalid login credentials.", "code": "bad.credentials", "status": 401}
            )

    def start_job(self, body: bytes) -> Response:
        """Start a query over the conversations that were active in an interval."""
        try:
            query = msgspec.json.decode(body, type=dict[str, Any])
            start, end = (_moment_ms(text) for text in str(query["interval"]).split("/"))
        except (msgspec.DecodeError, KeyError, ValueError) as error:
            raise Refusal(
                400,
                {
                    "message": "interval: two ISO-8601 times with a slash",
                    "code": "bad.request",
                    "status": 400,
                },
            ) from error
        contacts = self.events.conversations
        chosen = self.available & (contacts.start_ms < end) & (contacts.done_ms >= start)
        if query.get("startOfDayIntervalMatching"):
            chosen &= contacts.start_ms >= start // DAY_MS * DAY_MS
        rows = np.flatnonzero(chosen)
        rows = rows[delivery(contacts.key[rows], self.misbehavior)]
        job_id = str(UUID(int=int(keys(len(self.jobs), "job", np.array([start, end]))[0]) << 64 | 8 << 60))
        self.jobs[job_id] = _Job(rows)
        return _json({"jobId": job_id}, 202)

    def job(self, job_id: str) -> _Job:
        """A job that was started and not deleted."""
        if job_id not in self.jobs:
            raise Refusal(404, {"message": "The job was not found.", "code": "not.found", "status": 404})
        return self.jobs[job_id]

    def job_status(self, job: _Job) -> Response:
        """How far a job has come; each look moves it on."""
        state = _JOB_STATES[min(job.polls, len(_JOB_STATES) - 1)]
        job.polls += 1
        body: dict[str, Any] = {"state": state, "submissionDate": self.availability}
        if state == "FULFILLED":
            if "failed_job" in self.faults:
                return _json(body | {"state": "FAILED", "errorMessage": "The query could not be completed."})
            body |= {"completionDate": self.availability}
        return _json(body)

    @property
    def availability(self) -> str:
        """The time up to which data is whole."""
        return stamps(np.array([self.as_of_ms]))[0].decode()

    def results(self, tool: _Tool, job: _Job, query: dict[str, str]) -> Response:
        """A page of a job's conversations."""
        if job.polls < len(_JOB_STATES):
            raise Refusal(
                400, {"message": "The job isn't fulfilled yet.", "code": "job.not.ready", "status": 400}
            )
        size = _whole(query.get("pageSize"), _RESULTS_PAGE_AT_MOST)
        if not 1 <= size <= _RESULTS_PAGE_AT_MOST:
            raise Refusal(
                400,
                {
                    "message": f"pageSize is 1 to {_RESULTS_PAGE_AT_MOST}",
                    "code": "bad.request",
                    "status": 400,
                },
            )
        first = _place(query.get("cursor"))
        here = job.rows[first : first + size]
        documents = genesys.render(self.agency, take(self.events.conversations, here), self.as_of_ms)
        if documents and "record_without_id" in self.faults:
            documents[0] = _without(documents[0], ("conversationId",))
        after = first + size
        more = b',"cursor":"%b"' % _cursor(after) if after < len(job.rows) else b""
        return self.page(
            tool,
            b'{"conversations":[%b]%b,"dataAvailabilityDate":"%b"}'
            % (b",".join(documents), more, self.availability.encode()),
        )


def _is_turn(number: int, every: int, first: int) -> bool:
    """Whether it is the turn of this request, where one in `every` is refused and the first early on."""
    return every > 0 and number % every == first % every


def _without(document: bytes, path: tuple[str, ...]) -> bytes:
    """The document with one member taken out."""
    record = msgspec.json.decode(document)
    holder = record
    for name in path[:-1]:
        holder = holder[name]
    del holder[path[-1]]
    return msgspec.json.encode(record)


def _day(text: str | None, otherwise: int) -> int:
    if not text:
        return otherwise
    try:
        return day_number(date.fromisoformat(text))
    except ValueError as error:
        raise Refusal(400, {"error": "dates are YYYY-MM-DD"}) from error


def _moment_ms(text: str) -> int:
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))


def _basic(authorization: str | None) -> bytes:
    scheme, _, code = (authorization or "").partition(" ")
    try:
        return base64.b64decode(code, validate=True) if scheme.lower() == "basic" else b""
    except binascii.Error:
        return b""


def _cursor(place: int) -> bytes:
    return base64.urlsafe_b64encode(b"at:%d" % place)


def _place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor).removeprefix(b"at:"))
    except (binascii.Error, ValueError) as error:
        raise Refusal(400, {"message": "unknown cursor", "code": "bad.request", "status": 400}) from error


def make_app(tools: Tools) -> FastAPI:
    """The tools as an application; its routes are those of the tools' own documentation."""
    app = FastAPI(title="Sample agency", openapi_url=None)
    forms, conversations, reports = _Tool("touchpoints"), _Tool("genesys"), _Tool("dap")

    @app.exception_handler(Refusal)
    async def refuse(request: Request, refusal: Refusal) -> Response:
        return refusal.response

    async def asked(request: Request, answer: Callable[[], Response]) -> Response:
        tools.check_key(request.headers.get("x-api-key"))
        tools.turn_away(forms)
        return answer()

    @app.get(f"{TOUCHPOINTS}/forms")
    async def list_forms(request: Request) -> Response:
        return await asked(
            request,
            lambda: _json({"data": [tools.described(form) for form in tools.agency.catalogue.forms]}),
        )

    @app.get(f"{TOUCHPOINTS}/forms/{{form_id}}")
    async def show_form(request: Request, form_id: str) -> Response:
        return await asked(request, lambda: _json({"data": tools.described(tools.form(form_id))}))

    @app.get(f"{TOUCHPOINTS}/forms/{{form_id}}/responses")
    async def list_responses(request: Request, form_id: str) -> Response:
        path = str(request.url.replace(query=""))
        return await asked(
            request,
            lambda: tools.responses(forms, tools.form(form_id), dict(request.query_params), path),
        )

    async def report_of(request: Request, report: str, owner: str | None) -> Response:
        tools.check_key(request.headers.get("x-api-key"))
        tools.turn_away(reports)
        return tools.report(reports, report, owner, dict(request.query_params))

    @app.get(f"{DAP}/reports/{{report}}/data")
    async def report(request: Request, report: str) -> Response:
        return await report_of(request, report, None)

    @app.get(f"{DAP}/agencies/{{owner}}/reports/{{report}}/data")
    async def agency_report(request: Request, owner: str, report: str) -> Response:
        return await report_of(request, report, owner)

    @app.get(f"{DAP}/domain/{{owner}}/reports/{{report}}/data")
    async def domain_report(request: Request, owner: str, report: str) -> Response:
        if report not in ("site", "domain", "download", "second-level-domain"):
            said = "You are requesting a report that cannot be filtered on domain."
            raise Refusal(400, {"message": said, "status": 400})
        return await report_of(request, report, owner)

    @app.post("/oauth/token")
    async def token(request: Request) -> Response:
        return tools.token(request.headers.get("authorization"), (await request.body()).decode())

    async def allowed(request: Request, answer: Callable[[], Awaitable[Response] | Response]) -> Response:
        tools.check_token(request.headers.get("authorization"))
        tools.turn_away(conversations)
        result = answer()
        return result if isinstance(result, Response) else await result

    @app.post(JOBS)
    async def start_job(request: Request) -> Response:
        body = await request.body()
        return await allowed(request, lambda: tools.start_job(body))

    @app.get(f"{JOBS}/availability")
    async def availability(request: Request) -> Response:
        return await allowed(request, lambda: _json({"dataAvailabilityDate": tools.availability}))

    @app.get(f"{JOBS}/{{job_id}}")
    async def job_status(request: Request, job_id: str) -> Response:
        return await allowed(request, lambda: tools.job_status(tools.job(job_id)))

    @app.get(f"{JOBS}/{{job_id}}/results")
    async def job_results(request: Request, job_id: str) -> Response:
        return await allowed(
            request, lambda: tools.results(conversations, tools.job(job_id), dict(request.query_params))
        )

    @app.delete(f"{JOBS}/{{job_id}}")
    async def delete_job(request: Request, job_id: str) -> Response:
        def delete() -> Response:
            tools.job(job_id)
            del tools.jobs[job_id]
            return Response(status_code=204)

        return await allowed(request, delete)

    return app
