"""What shops and mail services call to tell of a purchase, a refund, a booking, a bounce or a
complaint.

Whether a call is theirs is decided on its raw bytes (`signatures.py`), what it says by pure readers
(`reading.py`), which never raise; `receiving.py` follows it.
"""
