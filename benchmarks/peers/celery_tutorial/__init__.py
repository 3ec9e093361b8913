"""
Celery as most tutorials have it: defaults, a result backend, six times `.delay`.
"""
