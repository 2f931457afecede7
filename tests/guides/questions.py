"""The questions of a guide: each a heading, its SQL, and the answer that stands below it.

python -m tests.guides.questions HOME GUIDE    # write the answers that the home's current release gives
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from voxpop.config import PROJECT

_QUESTION = re.compile(
    r"^### (?P<name>.+)\n"
    r"(?:(?!#|```).*\n)*"
    r"```sql\n(?P<sql>(?:(?!```).*\n)+)```\n\n"
    r"```text\n(?P<answer>(?:(?!```).*\n)*)```\n",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Question:
    """A question, and what the guide says that the answer is."""

    name: str
    sql: str
    answer: str


def questions(guide: Path) -> list[Question]:
    """Every question of a guide, in its order."""
    found = [Question(q["name"], q["sql"], q["answer"]) for q in _QUESTION.finditer(guide.read_text())]
    assert len(found) == guide.read_text().count("```sql\n"), f"{guide.name}: SQL without an answer below it"
    return found


def answer(home: Path, sql: str) -> str:
    """What `voxpop sql` prints, asked of a home's current release."""
    done = subprocess.run(
        [sys.executable, "-m", "voxpop.cli", "sql", sql],
        env={"VOXPOP_HOME": str(home), "PATH": ""},
        cwd=PROJECT,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, f"{sql}\n{done.stderr}"
    return done.stdout


def answered(guide: Path, asked: Callable[[str], str]) -> str:
    """A guide's text with the answers that `asked` gives."""

    def fresh(question: re.Match[str]) -> str:
        text, begin = question[0], question.start()
        start, end = question.start("answer") - begin, question.end("answer") - begin
        return text[:start] + asked(question["sql"]) + text[end:]

    return _QUESTION.sub(fresh, guide.read_text())


if __name__ == "__main__":
    home, guide = Path(sys.argv[1]).absolute(), Path(sys.argv[2])
    guide.write_text(answered(guide, lambda sql: answer(home, sql)))
