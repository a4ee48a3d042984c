"""What the machine was doing besides."""

import os


def warn_if_busy() -> None:
    """Says so when others use the processor too: delays then measure the machine rather than the server."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        print(f"Note: the machine is busy already (load {load:.1f} on {cores} cores); delays will be too long.")
