"""
Plain Celery tasks, as anybody would write them, which note what they do: an application for acceptance tests.
"""
