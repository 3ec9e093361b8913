"""
Our pipeline with workload W on its menu: the engine as it is, leases, fence, isolation and journal switched on.
"""
