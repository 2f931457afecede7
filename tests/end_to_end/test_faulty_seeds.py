"""A seed row with a bad reference stops the build before it touches anything."""

from __future__ import annotations

from pathlib import Path

from .home import Home


def test_a_seed_row_with_a_bad_reference_is_named_and_the_current_release_stays(
    earlier: Home, tmp_path: Path
) -> None:
    home = earlier.copy(tmp_path / "var").configured_in(tmp_path / "config")
    home.land()
    file = home.settings.seeds / "services.csv"
    *lines, last = file.read_text().splitlines()
    service, name, _, *rest = last.split(",")
    file.write_text("\n".join([*lines, ",".join([service, name, "no-such-division", *rest])]) + "\n")
    landed, current = home.landed_files(), home.current().release_id
    warehouse = home.settings.warehouse.read_bytes()

    said = home.process("build")

    assert said.code == 1
    assert said.out == ""
    assert said.err == (
        f"seeds in {home.settings.seeds} can't be used; nothing was built. Correct these and build again:\n"
        f"  services.csv: row {len(lines) + 1}: organization_id 'no-such-division' is not in "
        "organizations.csv\n"
    )
    assert home.landed_files() == landed
    assert home.current().release_id == current
    assert home.settings.warehouse.read_bytes() == warehouse
