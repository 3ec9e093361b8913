"""
How log lines look, and how several processes share a file.
"""

import json
import logging
import multiprocessing
import sys
import time

import pytest
from django.test import override_settings

from pipeline import journal
from pipeline.steps import Attempt, menu
from rms_backend import log_setup
from rms_backend.logging import HumanFormatter, JsonFormatter

STEP = "sync_order_to_pos"


def record(name: str, text: str, level: int = logging.INFO, **facts: object) -> logging.LogRecord:
    made = logging.LogRecord(name, level, __file__, 1, text, None, None)
    made.facts = facts
    return made


class TestLine:
    def test_shows_the_facts_behind_the_event(self):
        line = HumanFormatter().format(record("rms.pipeline", "step.done", order_id=7, attempt=1))

        assert line.endswith("INFO step.done order_id=7 attempt=1")

    def test_in_json_has_a_field_for_each_fact(self):
        line = json.loads(JsonFormatter().format(record("rms.pipeline", "step.done", order_ids=[7, 8])))

        assert (line["event"], line["order_ids"], line["level"]) == ("step.done", [7, 8], "INFO")

    def test_of_somebody_else_shows_no_address_and_no_key(self):
        line = HumanFormatter().format(
            record("celery.app.trace", "{'to': 'ada@example.com', 'key': 'sk_live_1'}")
        )

        assert "ada@" not in line
        assert "sk_live" not in line

    def test_of_celery_at_debug_shows_no_telephone_number_either(self):
        line = HumanFormatter().format(record("celery.pool", "Apply (+49 171 234 56 78)", logging.DEBUG))

        assert "234" not in line

    def test_of_a_stranger_is_not_studied_for_hours(self):
        # Masking once took the square of the length: one request with a long path held up the whole process.
        long = record("django.request", "Not Found: /" + "a" * 100_000 + " " + "1" * 100_000)

        HumanFormatter().format(long)
        began = time.process_time()
        HumanFormatter().format(long)

        assert time.process_time() - began < 2  # it was half a minute

    def test_of_a_worker_about_itself_keeps_the_name_of_its_node(self):
        line = HumanFormatter().format(record("celery.apps.worker", "emails@kitchen ready."))

        assert "emails@kitchen ready." in line

    def test_of_a_result_shows_no_text_of_it(self):
        line = record("celery.app.trace", "Task %(name)s succeeded: %(return_value)s")
        line.args = {"name": "mine", "return_value": "{'order_id': 7, 'guest': 'Ada Guest'}"}

        told = HumanFormatter().format(line)

        assert "succeeded: {'order_id': 7, 'guest': '<text>'}" in told


class TestFactsOfAStep:
    def test_name_the_order_and_the_attempt(self):
        facts = journal.tried(menu.find(STEP), [Attempt(subject_id=7, order_id=7, number=2)])

        assert (facts["order_id"], facts["attempt"]) == (7, 2)

    def test_name_all_orders_of_a_message_and_each_ones_attempt_where_they_differ(self):
        attempts = [Attempt(subject_id=n, order_id=n, number=number) for n, number in ((7, 1), (8, 3))]

        facts = journal.tried(menu.find(STEP), attempts)

        assert (facts["order_ids"], facts["attempts"]) == ([7, 8], [1, 3])

    def test_say_the_attempt_once_where_it_is_everybodys(self):
        attempts = [Attempt(subject_id=n, order_id=n, number=1) for n in (7, 8)]

        assert journal.tried(menu.find(STEP), attempts)["attempt"] == 1


LINES_EACH = 3_000
WRITERS = 4


def write_lines(writer: int) -> None:
    logger = logging.getLogger("rms.test")
    for n in range(LINES_EACH):
        logger.info("line", extra={"facts": {"writer": writer, "n": n, "filling": "x" * 120}})


@pytest.fixture
def restored_logging():
    yield
    from django.conf import settings  # noqa: PLC0415

    logging.config.dictConfig(settings.LOGGING)


@pytest.mark.usefixtures("restored_logging")
class TestLogFile:
    def test_is_shared_and_rotated_by_several_processes_without_losing_a_line(self, tmp_path, capfd):
        with override_settings(LOG_DIR=tmp_path, LOG_MAX_MEGABYTES=1):
            log_setup.write_to_file_of("worker", level="INFO")
            # Forked, as a worker's children are: they inherit the handler with its lock.
            fork = multiprocessing.get_context("fork")
            writers = [fork.Process(target=write_lines, args=(n,)) for n in range(WRITERS)]
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join(120)

        files = sorted(tmp_path.glob("celery_worker.log*"))
        lines = [line for file in files for line in file.read_text().splitlines()]
        wrote = {(writer, n) for writer in range(WRITERS) for n in range(LINES_EACH)}
        seen = [tuple(int(word.split("=")[1]) for word in line.split()[3:5]) for line in lines]
        assert len(files) > 1
        assert all(file.stat().st_size <= log_setup.MEGABYTE + 1_000 for file in files)
        assert len(seen) == len(set(seen))
        assert set(seen) == wrote

    def test_that_cannot_be_written_stops_nobody(self, tmp_path, capfd):
        (tmp_path / "logs").write_text("a file where the folder should be")

        with override_settings(LOG_DIR=tmp_path / "logs"):
            log_setup.write_to_file_of("worker", level="INFO")
            logging.getLogger("rms.pipeline").info("step.done")

        said = capfd.readouterr().err
        assert "log.not_written" in said
        assert "step.done" in said

    def test_named_on_the_command_line_takes_the_place_of_the_terminal(self, tmp_path, capfd):
        with override_settings(LOG_DIR=tmp_path / "logs", LOG_LEVEL="INFO"):
            log_setup.of_celery(loglevel=logging.INFO, logfile=str(tmp_path / "mine.log"))
            logging.getLogger("rms.pipeline").warning("step.failed")

        assert "step.failed" in (tmp_path / "mine.log").read_text()
        assert "step.failed" not in capfd.readouterr().err
        assert not (tmp_path / "logs").exists()


@pytest.mark.usefixtures("restored_logging")
class TestLevel:
    @pytest.mark.parametrize(
        ("argv", "loglevel", "level"),
        [
            (["celery", "worker"], logging.WARNING, "INFO"),
            (["celery", "worker", "--loglevel=debug"], logging.DEBUG, "DEBUG"),
            (["celery", "worker", "-l", "error"], logging.ERROR, "ERROR"),
            (["celery", "beat", "--logfile=x"], logging.WARNING, "INFO"),
        ],
    )
    def test_is_the_command_lines_and_otherwise_the_settings(
        self, argv, loglevel, level, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(sys, "argv", argv)

        with override_settings(LOG_DIR=tmp_path, LOG_LEVEL="INFO"):
            log_setup.of_celery(loglevel=loglevel, logfile=None)

        assert logging.getLevelName(logging.getLogger("rms").level) == level
        assert (tmp_path / f"celery_{argv[1]}.log").exists()
