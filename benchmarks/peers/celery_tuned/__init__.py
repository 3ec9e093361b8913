"""
Celery, tuned: results ignored, late acknowledgement, the database connection kept, prefork.
"""
