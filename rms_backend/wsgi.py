"""
The web application, for granian, gunicorn or any other WSGI server: `rms_backend.wsgi:application`.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rms_backend.settings")

application = get_wsgi_application()

from pipeline.nudge import dispatch_while_calm  # noqa: E402 - the application registry must be filled

dispatch_while_calm()
