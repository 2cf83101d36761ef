"""Forms, links and the API over real HTTP."""
