"""What proves a ground (D01, D02): what is said of it at each door, what must be there, and a
person's grounds put together with their proof.
"""
