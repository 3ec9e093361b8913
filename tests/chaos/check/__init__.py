"""
The checker: what the outside holds against what was accepted, and the invariants.
"""
