"""
The storm: what can break, when it breaks, and the breaking itself.
"""
