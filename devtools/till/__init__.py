"""
The local till: a stand-in for the restaurant's till that speaks Square's API. Not part of the product.

On its own: `python -m devtools.till --home DIR`. In tests: `with running_till(home=tmp_path) as till:`, then
`till.break_down("fail_after_effect", times=1)`, `till.mend()`, `till.orders()`, `till.counts()`, `till.requests()`.
"""

from devtools.till.client import ControlRefusedError as ControlRefusedError
from devtools.till.client import TillClient as TillClient
from devtools.till.faults import ImpossibleFaultError as ImpossibleFaultError
from devtools.till.faults import Mode as Mode
from devtools.till.running import RunningTill as RunningTill
from devtools.till.running import running_till as running_till
from devtools.till.tickets import Counts as Counts
from devtools.till.tickets import Ticket as Ticket
from devtools.till.visits import Visit as Visit
