"""
State machines and properties: hypothesis looks for the sequence of mishaps that breaks a promise, on a real PostgreSQL.
"""
