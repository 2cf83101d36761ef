"""What arrives and what does not: by receiving provider and day, held against the limits above
which a provider thinks badly of a sender; addresses never to be written to again; DMARC reports.
"""
