"""
Django's PostgreSQL backend, which starts the embedded server before the first connection.
"""

from typing import Any

from django.conf import settings
from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQLWrapper

from rms_backend import embedding, first_start


class DatabaseWrapper(PostgreSQLWrapper):
    """
    A connection to the embedded PostgreSQL, which by then runs and has its tables.
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        at = embedding.servers(settings.EMBEDDED_HOME).ensure_running()
        if conn_params.get("dbname") == at.postgres_database:
            first_start.prepare(home=at.home)
        return super().get_new_connection(conn_params)
