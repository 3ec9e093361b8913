"""
The doctor: examines everything a payment's follow-ups need, and says what is wrong and what to do.

It asks and looks, and changes nothing.
"""
