"""Pages for the reader: links of letters, forms, their own data, and the built-in mailbox."""
