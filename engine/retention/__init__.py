"""How long what is kept, applied every night: who was silent too long, what nobody confirmed,
evidence past its time (GDPR 5(1)(e); D12, D14).
"""
