"""
Procrastinate, whose queue is PostgreSQL itself.
"""
