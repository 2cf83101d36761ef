"""Words: languages, dates, numbers, refusals and mistakes as people read them."""
