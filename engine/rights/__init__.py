"""What a person may ask of who holds their data, carried out: everything said, corrected, frozen,
forgotten; by command and by call alike.
"""
