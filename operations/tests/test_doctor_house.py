"""
What the doctor makes of settings, database, mail, Stripe, till and machine.
"""

import resource
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.checks import Error, Tags, register, registry
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now
from django.test import SimpleTestCase, TestCase, override_settings
from django.utils import timezone

from devtools.till import running_till
from notifications.specimens import specimens
from operations.doctor import clock, configuration, database, limits, machine, mail, stripe_events, till
from operations.doctor.finding import Level, Unreachable
from orders.testing import make_restaurant
from payments.models import Reconciliation, StripeEvent
from pipeline.statements import execute

PRODUCTION = {"DEBUG": False, "DATABASE_IS_EMBEDDED": False, "BROKER_IS_EMBEDDED": False}


def levels(findings):
    return [finding.level for finding in findings]


class TestSettings(SimpleTestCase):
    def test_that_a_check_complains_of_are_found_with_the_remedy(self):
        def complain(**_kwargs):
            return [Error("Wrong.", hint="Mend it.", id="test.E001")]

        register(complain, Tags.compatibility)
        self.addCleanup(registry.registry.registered_checks.discard, complain)

        with override_settings(DEBUG=True):
            [found] = configuration.system_checks()

        self.assertEqual((found.level, found.said, found.remedy), (Level.PROBLEM, "Wrong.", "Mend it."))

    def test_are_checked_for_a_deployment_where_this_is_one(self):
        with override_settings(**PRODUCTION, SECRET_KEY="short", ALLOWED_HOSTS=["x"]):
            found = configuration.system_checks()

        self.assertIn("check security.W009", [finding.subject for finding in found])

    def test_tell_what_is_embedded(self):
        with override_settings(DEBUG=True):
            [found] = configuration.mode()

        self.assertEqual(found.level, Level.NOTE)
        self.assertIn("embedded: database", found.said)
        with override_settings(**PRODUCTION):
            self.assertEqual(levels(configuration.mode()), [Level.OK])


class TestTimeLimits(SimpleTestCase):
    def test_that_fit_are_well(self):
        found = [*limits.of_tasks(), *limits.of_redelivery(), *limits.of_letters()]

        self.assertEqual(levels(found), [Level.OK] * 3)

    def test_that_do_not_fit_are_named(self):
        with override_settings(
            CELERY_TASK_TIME_LIMIT=90,
            CELERY_TASK_SOFT_TIME_LIMIT=60,
            CELERY_BROKER_TRANSPORT_OPTIONS={"visibility_timeout": 60},
            EMAIL_TIMEOUT=40,
        ):
            tasks, redelivery, letters = limits.of_tasks(), limits.of_redelivery(), limits.of_letters()

        self.assertIn("Set it to 100 or more.", tasks[0].remedy)
        self.assertEqual(levels(redelivery), [Level.WARNING])
        self.assertIn("180 or more", redelivery[0].remedy)
        self.assertEqual(levels(letters), [Level.PROBLEM])


class TestDatabase(TestCase):
    def test_that_is_complete_is_well(self):
        found = [
            *database.answers(), *database.version(), *database.tables(), *database.place(), *database.room(), *database.history(),
            *clock.of_the_database(),
        ]  # fmt: skip

        self.assertEqual(levels(found), [Level.OK] * 7)

    def test_that_lacks_tables_is_named(self):
        [newest] = MigrationLoader(connection).graph.leaf_nodes("pipeline")
        MigrationRecorder(connection).record_unapplied(*newest)

        [found] = database.tables()

        self.assertIn(f"lacks 1 migrations, first {newest[0]}.{newest[1]}", found.said)
        self.assertIn("manage.py migrate", found.remedy)

    def test_whose_history_could_be_rewritten_is_named(self):
        execute("ALTER TABLE pipeline_stepevent DISABLE TRIGGER pipeline_history_is_final")

        self.assertEqual(levels(database.history()), [Level.PROBLEM])

    def test_that_is_read_only_is_named(self):
        execute("SET transaction_read_only = on")

        self.assertEqual(levels(database.answers()), [Level.OK, Level.PROBLEM])

    def test_that_is_away_is_told_by_its_words(self):
        said = {
            'FATAL: password authentication failed for user "rms"': "refuses user or password",
            "connection to server at 127.0.0.1 failed: Connection refused": "refuses the connection",
            "failed to resolve host 'db.invalid': [Errno -2] Name or service not known": "no such host",
            "connection timeout expired": "does not answer in time",
            'FATAL: database "rms" does not exist': "has no database of that name",
            "FATAL: sorry, too many clients already": "takes no more connections",
            "something new": "does not answer.",
        }
        for words, meaning in said.items():
            self.assertIn(meaning, database._away(words).said)


class TestUnreachableDatabase(SimpleTestCase):
    databases = {"default"}

    def test_is_named_without_its_password(self):
        before = connection.settings_dict.copy()
        connection.close()
        connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": "1", "PASSWORD": "very-secret"}
        connection.settings_dict["ENGINE"] = "django.db.backends.postgresql"
        try:
            with self.assertRaises(Unreachable) as raised:
                database.answers()
        finally:
            connection.close()
            connection.settings_dict.update(before)

        self.assertIn("127.0.0.1:1/", raised.exception.finding.said)
        self.assertIn("refuses the connection", raised.exception.finding.said)
        self.assertNotIn("very-secret", str(raised.exception.finding))


class TestClock(SimpleTestCase):
    def test_is_judged_by_how_far_it_is_off(self):
        found = [clock._finding("clock", ahead=seconds) for seconds in (0.1, -0.1, 5, -5, 90, -90)]

        self.assertEqual(levels(found), ["ok", "ok", "warning", "warning", "problem", "problem"])
        self.assertIn("5.0 s behind", found[3].said)
        self.assertIn("90 s ahead of", found[4].said)


class TestMail(SimpleTestCase):
    def test_has_all_templates(self):
        self.assertEqual(levels(mail.templates()), [Level.OK])

    def test_misses_templates_that_are_gone(self):
        gone = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": False}]
        with override_settings(TEMPLATES=gone):
            found = mail.templates()

        self.assertEqual(len(found), len(specimens()))
        self.assertIn("notifications/receipt.txt cannot be filled in. TemplateDoesNotExist", found[0].said)

    def test_finds_a_template_that_is_broken_or_empty(self):
        with TemporaryDirectory() as folder:
            place = Path(folder) / "notifications"
            place.mkdir()
            (place / "receipt.txt").write_text("{% if receipt %}")
            (place / "staff.txt").write_text("nothing")
            ours = {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "DIRS": [folder],
            }
            with override_settings(TEMPLATES=[ours]):
                broken, empty = mail.templates()

        self.assertIn("TemplateSyntaxError", broken.said)
        self.assertIn("It does not show SPECIMEN-1 and Pizza Margherita.", empty.said)

    def test_needs_user_and_password_and_hides_them(self):
        half = {"EMAIL_HOST_USER": "us", "EMAIL_HOST_PASSWORD": ""}
        open_ = {
            "EMAIL_HOST_USER": "us",
            "EMAIL_HOST_PASSWORD": "pw",
            "EMAIL_USE_TLS": False,
            "EMAIL_USE_SSL": False,
        }
        for changes, level in (
            (half, "problem"),
            (open_, "warning"),
            ({**open_, "EMAIL_USE_TLS": True}, "ok"),
        ):
            with override_settings(**changes):
                self.assertEqual(levels(mail.login()), [level])

    def test_comes_from_an_address_of_ours(self):
        for debug, address, level in (
            (True, "noreply@localhost.localdomain", "note"),
            (False, "noreply@localhost.localdomain", "problem"),
            (False, "Roma <orders@roma.it>", "ok"),
            (True, "nobody", "problem"),
        ):
            with override_settings(DEBUG=debug, DEFAULT_FROM_EMAIL=address):
                self.assertEqual(levels(mail.sender()), [level], address)

    def test_through_another_backend_is_not_examined(self):
        with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
            self.assertEqual(levels(mail.lets_us_in(patience_seconds=3)), [Level.NOTE])


class TestStripe(TestCase):
    def event(self, name, state, **ago):
        StripeEvent.objects.create(
            event_id=name, type="payment_intent.succeeded", livemode=False, happened_at=Now(), body_sha256="0",
            state=state, received_at=Now() - timedelta(**ago),
        )  # fmt: skip

    def test_secrets_look_like_what_they_are_and_are_not_shown(self):
        for debug, secrets, level in (
            (False, ["whsec_1"], "ok"),
            (False, ["whsec_1", "geheim"], "problem"),
            (True, ["geheim"], "note"),
        ):
            with override_settings(DEBUG=debug, STRIPE_WEBHOOK_SECRETS=secrets):
                [found] = stripe_events.signing_secrets()
            self.assertEqual(found.level, level)
            self.assertNotIn("geheim", str(found))

    def test_key_fits_the_house(self):
        for debug, key, level in (
            (True, "", "note"),
            (True, "sk_test_1", "ok"),
            (True, "sk_live_1", "warning"),
            (False, "rk_live_1", "ok"),
            (False, "sk_test_1", "warning"),
            (False, "pk_live_1", "problem"),
        ):
            with override_settings(DEBUG=debug, STRIPE_SECRET_KEY=key):
                self.assertEqual(levels(stripe_events.api_key()), [level], key)

    def test_is_heard_of_from_time_to_time(self):
        with override_settings(DEBUG=False):
            self.assertIn("has ever come", stripe_events.arrival()[0].said)
            self.event("evt_1", "handled", days=5)
            self.assertEqual(levels(stripe_events.arrival()), [Level.WARNING])
            self.event("evt_2", "ignored", hours=5)
            [found] = stripe_events.arrival()

        self.assertEqual((found.level, found.said), (Level.OK, "The last event came 5 hours ago."))

    def test_events_that_wait_are_counted(self):
        self.event("evt_1", "unmatched")
        self.event("evt_2", "in_review")

        found = stripe_events.waiting()

        self.assertEqual(levels(found), [Level.WARNING] * 2)
        self.assertTrue(found[0].said.startswith("1 payments name an order"))


class TestReconciliation(TestCase):
    KEY = {"STRIPE_SECRET_KEY": "sk_live_1", "DEBUG": False}

    def ran(self, *, because="", **ago):
        began = Now() - timedelta(**ago)
        Reconciliation.objects.create(
            since=timezone.now(), scheduled=True, began_at=began, ended_at=began, because=because
        )

    def test_that_is_off_is_a_note(self):
        for off in ({"STRIPE_SECRET_KEY": ""}, {**self.KEY, "STRIPE_RECONCILE_HOURS": 0}):
            with override_settings(**off):
                self.assertEqual(levels(stripe_events.reconciliation()), [Level.NOTE])

    def test_that_has_not_come_to_its_end_for_long_is_named(self):
        with override_settings(**self.KEY):
            [never] = stripe_events.reconciliation()
            self.ran(hours=5)
            self.ran(minutes=10, because="Stripe is away")
            [late] = stripe_events.reconciliation()
            self.ran(minutes=30)
            [well] = stripe_events.reconciliation()

        self.assertEqual([never.level, late.level, well.level], [Level.WARNING, Level.WARNING, Level.OK])
        self.assertIn("never", never.said)
        self.assertIn("5 hours ago", late.said)
        self.assertIn("30 minutes ago", well.said)


class TestTill(TestCase):
    def setUp(self):
        home = Path(self.enterContext(TemporaryDirectory()))
        self.till = self.enterContext(running_till(home=home, locations={"LROMA": "USD"}))

    def ask(self, **changes):
        told = {"SQUARE_BASE_URL": self.till.url, "SQUARE_ACCESS_TOKEN": self.till.token, "DEBUG": True}
        with override_settings(**{**told, **changes}):
            return [*till.answers(patience_seconds=3), *till.places(patience_seconds=3)]

    def test_that_knows_our_places_is_well(self):
        make_restaurant(pos_location="LROMA")

        found, places = self.ask()

        self.assertEqual(
            (found.level, found.said), ("ok", f"{self.till.url} lets us in and knows 1 locations.")
        )
        self.assertEqual(places.level, Level.OK)

    def test_that_does_not_know_a_place_is_named(self):
        make_restaurant(pos_location="LMILANO")

        found = self.ask()

        self.assertEqual(levels(found), [Level.OK, Level.PROBLEM])
        self.assertIn("no location LMILANO, which Trattoria Roma is set to", found[1].said)
        self.assertIn("LROMA", found[1].remedy)

    def test_that_refuses_our_token_is_named_without_it(self):
        with self.assertRaises(Unreachable) as raised:
            self.ask(SQUARE_ACCESS_TOKEN="very-secret")

        self.assertIn("does not accept our token", raised.exception.finding.said)
        self.assertNotIn("very-secret", str(raised.exception.finding))

    def test_that_nobody_opens_is_named(self):
        with self.assertRaises(Unreachable) as raised:
            self.ask(SQUARE_BASE_URL="http://127.0.0.1:1")

        self.assertIn("http://127.0.0.1:1", raised.exception.finding.said)

    def test_without_a_token_is_missed_only_where_a_place_has_one(self):
        self.assertEqual(levels(self.ask(SQUARE_ACCESS_TOKEN="")), [Level.NOTE, Level.NOTE])
        make_restaurant()
        self.assertEqual(levels(self.ask(SQUARE_ACCESS_TOKEN="")), [Level.NOTE, Level.PROBLEM])

    def test_is_not_told_the_token_in_the_clear(self):
        found, _ = self.ask(SQUARE_BASE_URL="http://till.example.com", DEBUG=False)

        self.assertEqual(found.level, Level.PROBLEM)


class TestMachine(SimpleTestCase):
    def test_has_room_and_files(self):
        self.assertEqual(set(levels([*machine.disks(), *machine.open_files()])), {Level.OK})

    def test_that_may_open_few_files_is_named(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
        try:
            [found] = machine.open_files()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

        self.assertEqual(
            (found.level, found.said), ("warning", "A process may open only 512 files and connections.")
        )
