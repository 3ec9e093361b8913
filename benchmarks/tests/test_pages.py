"""
The tables of docs/performance.md come from a results file.
"""

import shutil
from datetime import UTC, datetime

import pytest

from benchmarks import outcome, pages
from benchmarks.measured import Measured
from benchmarks.outcome import Outcome

ABOUT = {
    "machine": {"cores": 2, "processor": "abacus", "memory_mib": 4096},
    "versions": dict.fromkeys(
        ("python", "django", "celery", "postgresql", "valkey", "huey", "dramatiq", "procrastinate"), "1"
    ),
    "commit": "abc",
    "repeats": 3,
}
MEMORY = {"pss_mib": {"ours": 81.0, "celery_tuned": 100.0}}


@pytest.fixture
def results(tmp_path):
    memory = Outcome.of(Measured(figure="P9", ratios=[0.81, 0.82], facts=MEMORY))
    return outcome.write([memory], began=datetime(2026, 1, 2, tzinfo=UTC), about=ABOUT, folder=tmp_path)


@pytest.fixture
def page(tmp_path):
    return shutil.copy(pages.PAGE, tmp_path / "performance.md")


class TestPage:
    def test_gets_what_was_measured(self, page, results, tmp_path):
        pytest.importorskip("matplotlib", reason="requirements/bench.txt is not installed: make bench")

        pages.publish(results, page=page, images=tmp_path)

        assert "| this pipeline | 81 |" in page.read_text()
        assert "Measured 2026-01-02 at commit abc" in page.read_text()

    def test_keeps_what_was_not_measured(self, page, results, tmp_path):
        pytest.importorskip("matplotlib", reason="requirements/bench.txt is not installed: make bench")
        before = page.read_text()

        pages.publish(results, page=page, images=tmp_path)

        kept = before.index("<!-- systems -->"), before.index("<!-- /systems -->")
        assert before[slice(*kept)] in page.read_text()

    def test_has_a_place_for_every_table(self):
        text = pages.PAGE.read_text()

        assert all(f"<!-- {name} -->" in text and f"<!-- /{name} -->" in text for name in pages.TABLES)

    def test_without_that_place_is_refused(self, page, results, tmp_path):
        page.write_text("nothing")

        with pytest.raises(LookupError, match="<!-- figures -->"):
            pages.publish(results, page=page, images=tmp_path)
