"""From text and HTML to octets on the wire: headers, encodings, parts (RFC 5322, 2047, 2045)."""
