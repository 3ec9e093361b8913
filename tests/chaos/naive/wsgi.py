"""
The web application of the control: `granian tests.chaos.naive.wsgi:application`.
"""

import os

from django.core.wsgi import get_wsgi_application

# Tutorials import it in the project's __init__; here that would make it the application of whoever tests it, too.
from tests.chaos.naive.celery_app import app as app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.chaos.naive.settings")
application = get_wsgi_application()
