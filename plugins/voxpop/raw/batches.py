"""Batches of the raw zone: one stream's window as parts and a manifest."""

from __future__ import annotations

from voxpop.raw.records import Record, Rejected, Window

__all__ = ["Record", "Rejected", "Window"]
