"""
Huey with worker processes, Redis, no results kept.
"""
