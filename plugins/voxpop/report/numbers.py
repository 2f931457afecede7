"""Numbers as a person reads them: rounded once, half away from zero."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

SHARES = frozenset({"top_box", "top_two", "bottom_two", "thumbs_up"})
"""Measures of `cx_index` that are shares from 0 to 1."""


def shown(measure: str, value: float) -> str:
    """A value as it is published: shares in percent, means with two decimals, all others with one."""
    if measure in SHARES:
        return f"{rounded(value * 100, 1)}%"
    return _with_minus(rounded(value, 2 if measure == "mean" else 1))


def difference(measure: str, value: float) -> str:
    """A difference of two values with its sign: of shares in percentage points, else as `shown`."""
    points = value * 100 if measure in SHARES else value
    text = rounded(points, 2 if measure == "mean" else 1)
    return _with_minus(text)


def _with_minus(text: str) -> str:
    """A hyphen before it as a minus sign; none before a zero."""
    return text.replace("-", "−") if text.strip("-0.") else text.removeprefix("-")


def interval(measure: str, low: float | None, high: float | None) -> str:
    """Both ends as `shown`, or an em dash where there is no interval."""
    return "—" if low is None or high is None else f"{shown(measure, low)} to {shown(measure, high)}"


def between(measure: str, low: float | None, high: float | None) -> str:
    """Both ends of a difference's interval as `difference`, or an em dash where there is none."""
    return (
        "—" if low is None or high is None else f"{difference(measure, low)} to {difference(measure, high)}"
    )


def chance(p: float | None) -> str:
    """A p-value as `p = 0.041`, which never breaks; an empty text for None."""
    if p is None:
        return ""
    return "p\xa0<\xa00.001" if p < 0.001 else f"p\xa0=\xa0{rounded(p, 3)}"


def rounded(value: float, decimals: int) -> str:
    """Round half away from zero, once, for display.

    Args:
        value: unrounded.
        decimals: digits after the point.

    Returns:
        The shortest exact text of the rounded value, with its trailing zeros.
    """
    # The shortest decimal that is this float, so that 2.675 rounds as a reader would round it
    quantum = Decimal(1).scaleb(-decimals)
    return f"{Decimal(str(value)).quantize(quantum, rounding=ROUND_HALF_UP):,}"


def minutes(seconds: float) -> str:
    """A duration as a person says it: `48 s`, `6 min 5 s`, `20 min`, `3 h 20 min`; it never breaks."""
    whole = int(rounded(seconds, 0).replace(",", ""))
    if whole < 60:
        said = f"{whole} s"
    elif whole < 3600:
        said = f"{whole // 60} min {whole % 60} s".removesuffix(" 0 s")
    else:
        said = f"{whole // 3600:,} h {whole % 3600 // 60} min".removesuffix(" 0 min")
    return said.replace(" ", "\xa0")


def thousands(count: int | None) -> str:
    """A count with its separators, or an em dash for None."""
    return "—" if count is None else f"{count:,}"
