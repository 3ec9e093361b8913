"""
Stripe's objects as they stand in events: whole, with every field a reader may stumble over.
"""
