"""
How many payments a second the webhook takes in, ours beside those of others, on the same server.

    settings.py  the product's settings, with the other webhooks beside ours
    views.py     the others: the same view as ours does it, as tutorials do it
    peer.py      a Celery of their own, and the six tasks
    modes.py     which webhooks there are, and what each must leave behind
    requests.py  signed requests, written before the clock starts
    driver.py    sends them, over a handful of connections, at next to no cost
"""
