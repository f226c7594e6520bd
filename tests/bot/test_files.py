"""A file that xacct changes for somebody: replaced in one step, or left as it is."""

from pathlib import Path

import pytest

from bot.terminal import files
from bot.told import Mistakes


def test_a_file_is_replaced_where_its_link_leads_and_keeps_its_mode(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "xacct.yaml"
    real.write_text("before\n")
    real.chmod(0o604)
    link.symlink_to(real)

    files.replace(link, "before\n", "after\n")

    assert link.is_symlink()
    assert real.read_bytes() == b"after\n"
    assert real.stat().st_mode & 0o777 == 0o604
    assert sorted(one.name for one in tmp_path.iterdir()) == ["real.yaml", "xacct.yaml"]


def test_what_somebody_else_wrote_meanwhile_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "xacct.yaml"
    file.write_bytes(b"theirs\n")

    with pytest.raises(Mistakes, match="somebody else wrote it meanwhile"):
        files.replace(file, "before\n", "after\n")

    assert file.read_bytes() == b"theirs\n"


def test_a_file_that_cannot_be_replaced_is_left_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    with pytest.raises(Mistakes, match="It cannot be written"):
        files.replace(tmp_path / "gone.yaml", "", "after\n")

    assert list(tmp_path.iterdir()) == []
