"""The people whom the sample agency serves: a fixed population, made in columns.

Every phone number lies in 555-0100 … 555-0199, which are kept for fiction, and every email domain is a
reserved one, so that no identifier is anybody's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voxpop.sample_agency.causes import Causes, Identifiers
from voxpop.sample_agency.draws import Draws, Flags, Ints, keys


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words(
    """
    Ada Alma Amir Ana Andre Anh Aria Ben Bianca Carl Carmen Chen Clara Dana David Diego Dora Elena Eli Emma
    Esther Farah Felix Gina Grace Hank Hana Ines Ivan Jack Jada Jamal Jia Joan Jose Juan Kai Karen Kofi Lara
    Leo Lin Lucia Luis Mai Marco Maria Mei Miles Mina Nadia Nina Noah Nora Omar Oscar Pablo Paul Petra Quinn
    Rana Rosa Ruth Sam Sara Sofia Tara Theo Tina Tomas Uma Vera Victor Wanda Will Xena Yara Yusuf Zara Zoe
    """
)
_LAST = _words(
    """
    Abbott Adams Alvarez Baker Banks Barnes Bell Bennett Brooks Burke Campos Carr Castillo Chavez Clark Cole
    Cruz Dalton Davis Diaz Doyle Duarte Ellis Estrada Fisher Flores Ford Foster Garcia Gibson Gomez Grant Gray
    Hale Harris Hayes Hernandez Hill Howard Huang Hughes Ibarra Jensen Jimenez Jones Kelly Khan Kim King Lam
    Lane Lee Lewis Lopez Lynch Marsh Martin Medina Mejia Meyer Moore Morales Murphy Nguyen Nolan Ochoa Olsen
    Ortiz Owens Park Patel Perez Pham Price Quintero Ramos Reed Reyes Rivera Rojas Romero Ross Ruiz Salazar
    Santos Shaw Silva Singh Soto Stone Tran Vargas Vega Wade Walker Ward Webb West Wong
    Wright Yang Young Zamora
    """
)
_DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "inbox.example.org")
_AREA_CODES = _words(
    """
    205 251 256 334 480 520 602 623 928 479 501 870 209 213 310 323 408 415 424 510 530 559 562 619 626 650
    661 707 714 760 805 818 831 858 909 916 925 949 303 719 720 970 203 860 302 239 305 321 352 386 407 561
    727 754 772 786 813 850 863 904 941 954 229 404 478 678 706 770 912 208 217 309 312 630 708 773 815 847
    219 260 317 574 765 812 319 515 563 641 712 316 620 785 913 270 502 606 859 225 318 337 504 985 207 240
    301 410 443 339 351 413 508 617 774 781 857 978 231 248 269 313 517 586 616 734 810 906 989 218 320 507
    612 651 763 952 228 601 662 314 417 573 636 660 816 406 308 402 702 775 603 201 551 609 732 848 856 862
    908 973 505 212 315 347 516 518 585 607 631 646 716 718 845 914 917 252 336 704 828 910 919 980 701 216
    330 419 440 513 614 740 937 405 580 918 503 541 971 215 267 412 484 570 610 717 724 814 401 803 843 864
    """
)


@dataclass(frozen=True)
class People:
    """The population, one entry a person; the person's number is the position."""

    segment: Ints
    """Codes into `causes.SEGMENTS`."""
    region: Ints
    """Codes into `causes.REGIONS`."""
    household: Ints
    speaks_spanish: Flags
    name: NDArray[np.bytes_]
    account: NDArray[np.bytes_]
    """Nine digits, no two people alike."""
    email: NDArray[np.bytes_]
    """Shared by some who live together."""
    phone: NDArray[np.bytes_]
    """E.164; shared by some who live together."""

    def __len__(self) -> int:
        return len(self.segment)


def make_people(seed: int, causes: Causes) -> People:
    """Make the population.

    Args:
        seed: the agency's seed; the same seed and causes make the same people.
        causes: shares of segments and regions, how many live and share together.

    Returns:
        `causes.people` people; beyond 100 times the number of area codes their phone numbers repeat.
    """
    number = np.arange(causes.people, dtype=np.int64)
    draws = Draws(keys(seed, "person", number))
    lives_alone = draws.happens("lives alone", causes.lives_alone)
    lives_alone[0] = True
    # A household is a run of neighbors: whoever doesn't start one lives with the person before.
    household = np.cumsum(lives_alone) - 1
    head = np.flatnonzero(lives_alone)[household]
    segment = draws.pick("segment", causes.segment_shares)
    region = draws.pick("region", causes.region_shares)[head]
    first = np.array(_FIRST)[draws.below("first name", len(_FIRST))]
    last = np.array(_LAST)[draws.below("last name", len(_LAST))[head]]
    domain = np.array(_DOMAINS)[draws.below("domain", len(_DOMAINS))]
    addresses = [
        f"{a.lower()}.{b.lower()}{i}@{d}" for a, b, i, d in zip(first, last, number, domain, strict=True)
    ]
    names = [f"{a} {b}" for a, b in zip(first, last, strict=True)]
    # Multiples of a number, modulo a prime: they look unordered and no two are alike.
    accounts = [f"{400_000_000 + (i + 1) * 193_939_391 % 499_999_993:09d}" for i in number.tolist()]
    lines = [
        f"+1{_AREA_CODES[i % len(_AREA_CODES)]}55501{i // len(_AREA_CODES) % 100:02d}"
        for i in number.tolist()
    ]
    own_phone = ~draws.happens("household phone", causes.shares_household_phone) | lives_alone
    own_email = ~draws.happens("household email", causes.shares_household_email) | lives_alone
    return People(
        segment=segment,
        region=region,
        household=household,
        speaks_spanish=draws.happens("spanish", np.array(causes.speaks_spanish)[segment]),
        name=np.array(names, dtype="S"),
        account=np.array(accounts, dtype="S"),
        email=np.array(addresses, dtype="S")[np.where(own_email, number, head)],
        phone=np.array(lines, dtype="S")[np.where(own_phone, number, head)],
    )


def typed(
    draws: Draws,
    kind: str,
    values: NDArray[np.bytes_],
    given: Flags,
    *,
    placeholders: tuple[str, ...],
    rates: Identifiers,
) -> NDArray[np.bytes_]:
    """What is written down where a person is asked for an identifier.

    Args:
        draws: the records' draws.
        kind: the identifier's type; names the draws.
        values: the true values, one a record.
        given: where anything is given at all.
        placeholders: what some type instead; may be empty.
        rates: how often values are mistyped or replaced.

    Returns:
        Values with two neighboring digits or letters exchanged here and there, placeholders, and an empty
        value where nothing is given.
    """
    out = np.where(given, values, b"").astype(f"S{max(values.dtype.itemsize, 32)}")
    draw = draws.uniform(kind + "/typed")
    mistyped = np.flatnonzero(given & (draw < rates.mistyped))
    place = draws.uniform(kind + "/place")
    for position in mistyped.tolist():
        value = bytes(out[position])
        at_sign = value.rfind(b"@")
        last = (len(value) if at_sign < 0 else at_sign) - 1
        at = max(1, last - 1 - int(place[position] * 4))
        out[position] = value[:at] + value[at + 1 : at + 2] + value[at : at + 1] + value[at + 2 :]
    if placeholders:
        replaced = given & (draw > 1.0 - rates.placeholder)
        chosen = np.array(placeholders, dtype=out.dtype)[draws.below(kind + "/which", len(placeholders))]
        out = np.where(replaced, chosen, out)
    return np.asarray(out)
