"""Voxpop's pages in Airflow's UI: *Releases* and *Build*. Read-only, and for people who are signed in."""

from __future__ import annotations

from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import get_user
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from voxpop.airflow import runs
from voxpop.config import Settings, load_settings
from voxpop.release import diff, store
from voxpop.warehouse.build import LAYERS

PREFIX = "/voxpop"
"""Where Airflow mounts `app`; the templates' links begin with it."""

SERVED = ("reports", "audit")
"""The folders of a release that browsers may read; tables are for SQL, by people who may read them."""

SECURITY_HEADERS = {
    # Nothing that a release holds may run as a script beside Airflow's session, or fetch anything.
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

_templates = Environment(
    loader=PackageLoader("voxpop.airflow", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

# The dependency stands on the router, so that no page can forget it.
router = APIRouter(dependencies=[Depends(get_user)])


def _settings() -> Settings:
    return load_settings()


_Settings = Annotated[Settings, Depends(_settings)]


@router.get("/releases", response_class=HTMLResponse)
def releases(settings: _Settings) -> HTMLResponse:
    """The current release, the earlier ones that are kept, newest first, and what was not published."""
    return _page(
        "releases.html.j2",
        releases=[release.manifest for release in store.list_releases(settings)],
        candidates=[candidate.manifest for candidate in store.candidates(settings)],
        current=_current_id(settings),
        rolled_back=store.rolled_back(settings),
    )


@router.get("/releases/{release_id}", response_class=HTMLResponse)
def release(release_id: str, settings: _Settings) -> HTMLResponse:
    """One release: what the gate said, what changed from the one before, what it rests on."""
    manifest = _find(settings, release_id).manifest
    kept = {release.release_id for release in store.list_releases(settings)}
    before = manifest["supersedes"] if {release_id, manifest["supersedes"]} <= kept else None
    changes = diff.diff(settings, before, release_id).rows() if before else []
    return _page(
        "release.html.j2",
        release=manifest,
        is_published=release_id in kept,
        current=_current_id(settings),
        before=before,
        changes=changes,
    )


@router.get("/releases/{release_id}/files/{path:path}")
def file(release_id: str, path: str, settings: _Settings) -> FileResponse:
    """A file of a release's report or audit."""
    folder = _find(settings, release_id).folder
    # As with a release's id: what came in a URL is compared with what exists, and becomes part of no path.
    for served in SERVED:
        for found in (folder / served).rglob("*"):
            if found.relative_to(folder).as_posix() == path and found.is_file() and not found.is_symlink():
                return FileResponse(found, headers=SECURITY_HEADERS)
    raise HTTPException(404, "It has no such page.")


@router.get("/build/{dag_id}", response_class=HTMLResponse)
def build(dag_id: str, run_id: str, settings: _Settings) -> HTMLResponse:
    """What one run of build_and_publish did, model by model."""
    layers = runs.load(settings, run_id, LAYERS) if dag_id == "build_and_publish" else []
    return _page("build.html.j2", dag_id=dag_id, run_id=run_id, layers=layers)


def _page(template: str, **values: Any) -> HTMLResponse:
    return HTMLResponse(
        _templates.get_template(template).render(prefix=PREFIX, **values), headers=SECURITY_HEADERS
    )


def _current_id(settings: Settings) -> str | None:
    current = store.current(settings)
    return None if current is None else current.release_id


def _find(settings: Settings, release_id: str) -> store.Release | store.Candidate:
    known: list[store.Release | store.Candidate] = [
        *store.list_releases(settings),
        *store.candidates(settings),
    ]
    for found in known:
        if found.release_id == release_id:
            return found
    raise HTTPException(404, "There is no such release; it may be older than the ones that are kept.")


def make_app() -> FastAPI:
    """The application that Airflow mounts; it has no page but the router's, not even FastAPI's own."""
    app = FastAPI(title="voxpop", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router)
    return app
