"""The HTTP API: read, decided, answered; keys with scopes; problems as RFC 9457 has them."""
