"""The local till, proven: each class a subject, each method the rest of its sentence."""
