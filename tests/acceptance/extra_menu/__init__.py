"""
A menu with three more steps: worker processes of acceptance tests load it by their settings.
"""
