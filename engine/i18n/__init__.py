"""Words in the reader's language, made where something is shown: languages, dates, numbers,
refusals and mistakes. No sentence is compared, parsed or translated back.
"""
