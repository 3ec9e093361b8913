"""
A proxy on loopback that breaks the link between a client and a server, on demand and for connections that exist.

    with FaultProxy(upstream=("127.0.0.1", 5432)) as proxy:
        proxy.break_down(Latency(seconds=0.2), Way.TO_CLIENT)
        ...
        proxy.mend()
"""

from tests.chaos.proxy.counters import Counters as Counters
from tests.chaos.proxy.fault_proxy import FaultProxy as FaultProxy
from tests.chaos.proxy.fault_proxy import NeverHappened as NeverHappened
from tests.chaos.proxy.faults import FAULTS as FAULTS
from tests.chaos.proxy.faults import Bandwidth as Bandwidth
from tests.chaos.proxy.faults import Blackhole as Blackhole
from tests.chaos.proxy.faults import Corrupt as Corrupt
from tests.chaos.proxy.faults import CutOnMatch as CutOnMatch
from tests.chaos.proxy.faults import Fault as Fault
from tests.chaos.proxy.faults import HalfClose as HalfClose
from tests.chaos.proxy.faults import Latency as Latency
from tests.chaos.proxy.faults import Limit as Limit
from tests.chaos.proxy.faults import Pass as Pass
from tests.chaos.proxy.faults import Refuse as Refuse
from tests.chaos.proxy.faults import Reset as Reset
from tests.chaos.proxy.faults import Slicer as Slicer
from tests.chaos.proxy.faults import Stall as Stall
from tests.chaos.proxy.faults import Way as Way
