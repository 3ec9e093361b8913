"""
How fast we are beside others, as ratios measured in one interleaved run: `make bench`.

    python -m benchmarks ──▶ place.py      servers, processes, their CPU and memory
                             figures/      one module per figure (or per run that gives several), each with measure()
                             targets.py    what each figure must reach
                             interval.py   how sure we are of it
                             outcome.py    the line, the verdict, the results file
"""
