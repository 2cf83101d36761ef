"""The papers the law asks for, from what the ledger says was declared on a day: register,
processors' annexes, breach log. Pure.
"""
