"""
Give each checkout a real PostgreSQL and a real broker of its own, started on the first connection.

    holder (any process that needs them)          keeper (one, detached)             its children
    -------------------------------------         ---------------------------        ------------------
    shared lock on home/holders.lock    ------->  tries that lock exclusively        postgres
    no keeper? starts one                         once per second; when nobody       valkey-server
    waits until home/state.json says "ready"      held it for a while: stops all     companions

The kernel gives up a lock when its process ends, however it ends: nobody has to say good-bye, `kill -9` included.
"""

from embedded.addresses import Addresses as Addresses
from embedded.errors import EmbeddedServersFailed as EmbeddedServersFailed
from embedded.orders import Companion as Companion
from embedded.servers import Servers as Servers
from embedded.servers import checkout_servers as checkout_servers
