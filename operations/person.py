"""
Who gives the orders on a command line: for the history.
"""

import getpass
import os


def at_the_terminal() -> str:
    """
    The name of the user, or its number where it has none, as in a container.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
