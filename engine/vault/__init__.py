"""What is personal: who stands behind a random id, fields, the evidence behind an act, and who must
never be written to. Erasable; never derived.
"""
