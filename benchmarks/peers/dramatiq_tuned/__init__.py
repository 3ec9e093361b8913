"""
Dramatiq with its Redis broker and the middleware that its Django package recommends.
"""
