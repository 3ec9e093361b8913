"""
The supervisor behind `manage.py start_celery_workers`: it starts workers, beat and Flower, and keeps them up.

The way through the files: `wishes` (what was asked for) → `plan` (which processes, on which `lanes`) → `names` (what
they are called) → `supervising` (the loop) → `child` (one process, its `patience` with it, its `output`).
"""
