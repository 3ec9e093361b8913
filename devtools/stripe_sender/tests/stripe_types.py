"""
What the typed classes of the installed stripe package say about an object, compared with what we send.
"""

import typing

import stripe

CLASSES = {
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
}
NOT_SENT = ("OBJECT_NAME", "deleted")


def complaints(about):
    """
    List, all the way down, what Stripe's types do not know, miss, or do not allow to be null.
    """
    return set(compare(CLASSES[about["object"]], about, about["object"]))


def compare(stripe_class, sent, path):
    hints = {name: hint for name, hint in stripe_class.__annotations__.items() if name not in NOT_SENT}
    for name in sent.keys() - hints.keys():
        yield f"{path}.{name} is unknown"
    for name, hint in hints.items():
        may_be_null = type(None) in typing.get_args(hint)
        if sent.get(name) is None and not may_be_null:
            yield f"{path}.{name} is missing"
        inner = getattr(stripe_class, "_inner_class_types", {}).get(name)
        if inner is not None and isinstance(sent.get(name), dict):
            yield from compare(inner, sent[name], f"{path}.{name}")
