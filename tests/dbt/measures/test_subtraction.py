"""What the attacks of these tests work out, of cases small enough for paper."""

from __future__ import annotations

from .subtraction import pinned

TRUTH = {
    ("urgent", "email"): 30,
    ("urgent", "live_chat"): 26,
    ("urgent", "website > phone"): 7,
    ("plan", "email"): 41,
    ("plan", "live_chat"): 16,
    ("cards", "website > phone"): 14,
    ("cards", "in_person"): 26,
    ("records", "website > phone"): 12,
    ("records", "in_person"): 9,
}
ROWS = {"urgent": 63, "plan": 57, "cards": 40, "records": 21}
COLUMNS = {"email": 71, "live_chat": 42, "website > phone": 33, "in_person": 35}
"""A quarter's journeys of four services by path, all of them withheld, and what the sums leave for them."""


def test_a_bridge_between_two_cycles_is_pinned() -> None:
    """Every sum hides two cells and more than 10, but urgent's 63 less 71 + 42 - 57 of its others are 7.

    The 9 lies on a cycle of cards and records: it can be 1 to 20, for none of the four is below 1.
    """
    truth = TRUTH | ROWS | COLUMNS
    sums = [
        *((row, [cell for cell in TRUTH if cell[0] == row]) for row in ROWS),
        *((column, [cell for cell in TRUTH if cell[1] == column]) for column in COLUMNS),
    ]
    known = {*ROWS, *COLUMNS}
    assert pinned(truth, known, sums) == {("urgent", "website > phone"): (7, 7)}
    # so it is where columns are only known to be no more: 63 - (71 + 42 - 57) and 33 - (40 + 21 - 35)
    assert pinned(truth, known, sums[:4], sums[4:]) == {("urgent", "website > phone"): (7, 7)}
    assert pinned(truth, known, (), sums) == {}
    # one more cell joins the cycles
    joint = ("plan", "website > phone")
    truth |= {joint: 108, "plan": 57 + 108, "website > phone": 33 + 108}
    sums = [(whole, [*parts, joint] if whole in joint else parts) for whole, parts in sums]
    assert pinned(truth, known, sums) == {}


def test_a_row_that_is_there_says_that_somebody_is() -> None:
    """Of 15 who answered 14 say something of an item, of which one of two withheld services has no row."""
    truth = {"all": 15, "item of all": 14, "service": 1, "others": 14, "item of others": 14}
    known = {"all", "item of all"}
    sums = [("all", ["service", "others"])]
    wholes = [("others", ["item of others"])]
    only_theirs = ("item of all", ["item of others"])
    assert pinned(truth, known, [*sums, only_theirs], wholes) == {"service": (1, 1)}
    assert pinned(truth, known, sums, [*wholes, only_theirs]) == {}
    few = {"all": 2, "one": 1, "other": 1}
    assert pinned(few, {"all"}, [("all", ["one", "other"])]) == {"one": (1, 1), "other": (1, 1)}
    assert pinned(few, {"all"}, [("all", ["one", "other"])], least=lambda _: 0) == {}
