"""Random draws that belong to a record, not to the order in which records are made.

A generator that is advanced record by record makes every record depend on all before it. Here each
record has a 64-bit key, made from the seed, the day it starts on and its number in that day, and each
draw has a name; a draw is a hash of the two. So any day can be made alone, any number of days can be made
in one pass over numpy columns, and a new draw changes no other.

The hash is the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
generators", OOPSLA 2014; multipliers by David Stafford, variant 13).
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_HEX_PAIRS = np.array([f"{byte:02x}".encode() for byte in range(256)], dtype="S2")
_UUID_DASHES = (8, 13, 18, 23)
_UUID_DIGITS = [place for place in range(36) if place not in _UUID_DASHES]


def mix(values: Keys) -> Keys:
    """Hash 64-bit integers to 64-bit integers, one to one."""
    z = values + _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@cache
def _salt(name: str) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little"))


def keys(seed: int, name: str, *parts: Ints) -> Keys:
    """Make one key per record.

    Args:
        seed: the agency's seed.
        name: what kind of thing the key belongs to (`person`, `journey`).
        parts: integers that tell the records of that kind apart, each of shape (n,).

    Returns:
        Keys of shape (n,); the same arguments give the same keys, whatever else is in the arrays.
    """
    key = mix(np.full(parts[0].shape, np.uint64(seed) ^ _salt(name)))
    for part in parts:
        key = mix(key ^ part.astype(np.uint64))
    return key


class Draws:
    """Named draws for records with the given keys; every method returns one value per record."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys

    def bits(self, name: str) -> Keys:
        """64 random bits."""
        return mix(self.keys ^ _salt(name))

    def uniform(self, name: str) -> Floats:
        """Between 0 and 1, both excluded."""
        return ((self.bits(name) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53

    def happens(self, name: str, probability: Floats | float) -> Flags:
        """True with the given probability, one for all or one a record."""
        return self.uniform(name) < probability

    def normal(self, name: str) -> Floats:
        """Standard normal, by Box and Muller (Annals of Mathematical Statistics 29, 1958)."""
        radius = np.sqrt(-2.0 * np.log(self.uniform(name + "/radius")))
        return radius * np.cos(2.0 * np.pi * self.uniform(name + "/angle"))

    def lognormal(self, name: str, median: Floats | float, spread: float) -> Floats:
        """Lognormal with this median; `spread` is the standard deviation of the logarithm."""
        return np.asarray(median * np.exp(spread * self.normal(name)))

    def below(self, name: str, limit: int) -> Ints:
        """Whole numbers 0 … limit - 1."""
        return (self.uniform(name) * limit).astype(np.int64)

    def pick(self, name: str, weights: tuple[float, ...]) -> Ints:
        """Indices into `weights`, each as often as its weight says."""
        steps = np.cumsum(weights)
        return np.searchsorted(steps / steps[-1], self.uniform(name), side="right").astype(np.int64)

    def pick_by_row(self, name: str, weights: Floats, rows: Ints) -> Ints:
        """Indices into the columns of `weights`, shape (kinds, choices); record i uses row `rows[i]`."""
        steps = np.cumsum(weights, axis=1)
        steps = (steps / steps[:, -1:])[rows]
        return np.asarray((self.uniform(name)[:, None] >= steps).sum(axis=1), dtype=np.int64)

    def uuids(self, name: str) -> NDArray[np.bytes_]:
        """Version 4 UUIDs as ASCII, dtype S36."""
        high = self.bits(name + "/high")
        low = self.bits(name + "/low")
        high = (high & ~np.uint64(0xF000)) | np.uint64(0x4000)
        low = (low & ~(np.uint64(3) << np.uint64(62))) | (np.uint64(2) << np.uint64(62))
        octets = np.empty((len(high), 16), dtype=np.uint8)
        octets[:, :8] = high.astype(">u8").view(np.uint8).reshape(-1, 8)
        octets[:, 8:] = low.astype(">u8").view(np.uint8).reshape(-1, 8)
        text = np.empty((len(high), 36), dtype=np.uint8)
        text[:, _UUID_DASHES] = ord("-")
        text[:, _UUID_DIGITS] = _HEX_PAIRS[octets].view(np.uint8).reshape(-1, 32)
        return text.view("S36").ravel()
