"""
What happens when there is more of everything: more workers, more dispatchers; and what one order asks of each server.
"""
