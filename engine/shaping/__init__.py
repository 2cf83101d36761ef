"""How much each mailbox provider is sent, as data: limits, rules on replies, warm-up and guards.

Pure: values in, values out. What all hosts share stands on the desk (`engine/desk/shaping.py`).
"""
