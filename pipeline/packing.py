"""
Packing the parcels of a claim: an order whose parcel cannot be packed fails alone.
"""

from collections.abc import Callable

from pipeline.claims import Claim
from pipeline.steps import Parcel

Settle = Callable[[int, Exception], None]


class WrongParcels(RuntimeError):
    """
    A step must pack exactly one parcel for each order.
    """


def pack(claim: Claim, settle: Settle) -> dict[int, Parcel]:
    """
    The parcels of the claim; `settle` hears of each order whose parcel cannot be packed.
    """
    try:
        return _packed(claim)
    except Exception as trouble:  # noqa: BLE001 - anything unforeseen is a failure of this attempt, and is kept
        if len(claim.attempts) == 1:
            settle(claim.subjects[0], trouble)
            return {}
    parcels: dict[int, Parcel] = {}
    for subject in claim.subjects:
        parcels |= pack(claim.only([subject]), settle)
    return parcels


def _packed(claim: Claim) -> dict[int, Parcel]:
    parcels: dict[int, Parcel] = claim.step.work(claim.subjects)
    if parcels.keys() != claim.attempts.keys():
        raise WrongParcels(f"{claim.step.name} packed {sorted(parcels)} for {claim.subjects}.")
    return parcels
