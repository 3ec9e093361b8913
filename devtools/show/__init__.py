"""
`make run`: a real evening of paid orders, carried out before your eyes while things go wrong on purpose.
"""
