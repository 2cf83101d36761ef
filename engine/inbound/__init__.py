"""What comes back by mail: bounces, complaints, automatic answers, replies and reports.

Pure readers turn the bytes of a mail into what it says; what names no letter of ours changes
nothing.
"""
