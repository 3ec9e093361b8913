"""
The control: the same follow-ups as most tutorials build them, with Django, Celery and Redis, and no row behind a message.

Nothing is wrong with it on purpose. It is even a little kinder than most: the order is locked, the tasks are published
after the commit, every request has a time-out, and every task is retried.
"""
