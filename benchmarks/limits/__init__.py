"""Small programs that do the shop's work with as little as can be: the same statements, the same bytes out.

They check what they must to do the work at all, and nothing else: no documentation, no log, no metrics, no limits.
"""
