"""
The web application of the control: `granian tests.chaos.naive.wsgi:application`.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.chaos.naive.settings")
application = get_wsgi_application()
