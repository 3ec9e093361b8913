#!/usr/bin/env python
"""
Django's command line: `python manage.py help` lists the commands.
"""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rms_backend.settings")
    try:
        from django.core.management import execute_from_command_line  # noqa: PLC0415
    except ImportError as missing:
        raise SystemExit(
            f"{missing}. Run `make setup`, or `pip install -r requirements/celery.txt`."
        ) from missing
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
