"""
What the figures of the outside lanes share: the outside (a mail server, a till), and a house that sends to it.
"""
