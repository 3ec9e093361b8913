"""
The others, each as its own documentation recommends it, in a Django project that holds nothing but what they need.

Each has a folder of one shape: `settings` (what its documentation says to set), `tasks` (six tasks, one per effect),
and `publish(order_id)`, which sends the six.
"""
