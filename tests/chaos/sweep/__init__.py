"""
Every crash point, with real processes: killed there, stopped there, in trouble there.
"""
