"""
A menu with two more steps: worker processes of acceptance tests load it by their settings.
"""
